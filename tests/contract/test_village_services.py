"""What the village's tills, counters and phones tell is what ingest and the guide have in the log."""

from contextlib import ExitStack, contextmanager
from dataclasses import replace
from threading import Thread

import pytest
import uvicorn
from fakes.guide import PublishedGuides
from fakes.log import MemoryLog
from meguri_ingest.app import create_app as create_ingest
from meguri_ingest.settings import Settings
from meguri_kit.registry import Registry
from meguri_proto.schema.counts_pb2 import CountBatch
from meguri_proto.schema.guide_pb2 import GuideEvent
from meguri_proto.schema.sales_pb2 import Sales
from meguri_proto.schema.survey_pb2 import SurveyAnswers
from meguri_qrguide.app import create_app as create_guide
from meguri_sensors.uplink import Uplink
from meguri_village.days import Day
from meguri_village.filling import LIVE_CHUNK_MS, Filling
from meguri_village.habits import Habits
from meguri_village.outlets import Keys, Outlets
from meguri_village.posting import Poster
from meguri_village.village import Village
from reference.village import KEY_DAY, expected, whole_town

TOWN = whole_town()
START, END = TOWN.day_bounds_ms(KEY_DAY)
# Many second thoughts, so that each till tells some, and many who answer and write.
HABITS = replace(
    Habits(),
    passing_cars=5,
    refund_per_mille=150,
    cancel_per_mille=150,
    answers_per_mille=600,
    remarks_per_mille=600,
)
VILLAGE = Village(TOWN, seed=4, size=0.3, habits=HABITS)


@contextmanager
def served(app):
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", access_log=False))
    thread = Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def services(tmp_path):
    """The log, and what fills the village into it."""
    log, registry = MemoryLog(), Registry(f"sqlite:///{tmp_path / 'registry.db'}")
    towns = {TOWN.town: TOWN}
    keys = Keys(
        registry.enrol(TOWN.town, "village", "replayer"),
        {shop: registry.enrol(TOWN.town, shop, "till") for shop in TOWN.shops},
        {counter: registry.enrol(TOWN.town, counter, "counter") for counter in TOWN.counters},
        {"gifts": "a signature key"},
    )
    registry.connect_webhook(TOWN.town, "gifts", "square", "a signature key")
    ingest = create_ingest(towns=towns, registry=registry, log=log, redis_url=None, settings=Settings())
    folder = tmp_path / "village"
    folder.mkdir()
    with ExitStack() as stack:
        ingest_url = stack.enter_context(served(ingest))
        guide = create_guide(towns=towns, log=log, guides=PublishedGuides(tmp_path / "guides"))
        guide_url = stack.enter_context(served(guide))
        uplink = stack.enter_context(Uplink(ingest_url, keys.replayer, patience_s=5))
        services = {"ingest": ingest_url, "guide": guide_url}
        posters = [stack.enter_context(Poster(*service, patience_s=5)) for service in services.items()]

        def fill(start_ms, until_ms):
            steps = []
            outlets = Outlets(TOWN, keys, *posters)
            clock = {"now_ms": until_ms}
            filling = Filling(VILLAGE, uplink, outlets, folder, start_ms, until_ms)
            filling.run(lambda: clock["now_ms"], None, steps.append)
            assert steps[-1].rejected == 0
            return expected(folder, TOWN)

        yield log, fill
    registry.close()


def sales_in(log):
    """Every sale as it is in the end: the highest version of each."""
    newest = {}
    for record in log.read_all("sales"):
        for sale in Sales.FromString(record.value).sales:
            before = newest.setdefault((sale.source, sale.external_id), sale)
            if sale.version > before.version:
                newest[sale.source, sale.external_id] = sale
    fields = (
        *("shop", "source", "external_id", "version", "at_ms", "amount_yen", "tax_yen", "method", "brand"),
        *("refunded_yen", "cancelled"),
    )
    return sorted(tuple(getattr(sale, name) for name in fields) for sale in newest.values())


def test_what_tills_counters_and_phones_told_of_a_day_is_in_the_log(services):
    log, fill = services
    truth = fill(START, END)
    assert {row[0] for row in truth.sales} == set(TOWN.shops)
    assert sales_in(log) == truth.sales
    assert any(row[-1] for row in truth.sales)
    assert any(row[-2] for row in truth.sales)

    events = [GuideEvent.FromString(record.value) for record in log.read_all("guide-events")]
    assert (
        sorted(
            (
                each.event_id,
                each.sight,
                each.language,
                each.kind,
                each.at_ms,
                each.walk,
                each.seconds,
                each.rating,
            )
            for event in events
            for each in (event, *event.further)
        )
        == truth.guide_events
        != []
    )
    answers = [
        each
        for record in log.read_all("survey-answers")
        for each in SurveyAnswers.FromString(record.value).answers
    ]
    assert (
        sorted(
            (each.sheet_id, each.question, each.answer, each.free_text, each.language, each.at_ms)
            for each in answers
        )
        == truth.answers
        != []
    )
    assert any(each.free_text for each in answers)
    assert "stored" in {row[3] for row in truth.guide_events}
    batches = [CountBatch.FromString(record.value) for record in log.read_all("counts")]
    assert (
        sorted(
            (batch.counter, each.quantity, each.from_ms, each.to_ms, each.count)
            for batch in batches
            for each in batch.counts
        )
        == truth.counts
        != []
    )


def test_what_a_square_till_tells_by_webhooks_is_what_its_file_tells(services):
    log, fill = services
    square = [each for each in Day(VILLAGE, KEY_DAY).tellings if each.sale.shop == "gifts"]
    again = next(each for each in square if each.refunded_yen)
    begun = again.sale.at_ms // LIVE_CHUNK_MS * LIVE_CHUNK_MS
    told = again.told_ms // LIVE_CHUNK_MS * LIVE_CHUNK_MS + LIVE_CHUNK_MS
    # Live when it is sold, history until it is paid back, live again then: by what it came changes nothing.
    fill(begun, begun + LIVE_CHUNK_MS)
    fill(begun, told - LIVE_CHUNK_MS)
    truth = fill(begun, told)
    assert sales_in(log) == truth.sales
    assert again.sale.external_id in {row[2] for row in truth.sales if row[-2]}
