"""The pages over HTTP, with a store and a Redis that are away or empty, and charts that cannot be drawn."""

import re

import pytest
from fakes.town_day import DAY, HOUR, TOWN
from fastapi.testclient import TestClient
from meguri_dashboard import assets, page_book
from meguri_dashboard.app import AssetsMissingError, Pace, create_app
from meguri_dashboard.charts.renderer import Renderer, RenderingError
from meguri_kit.clickhouse.store import StoreError, StoreUnavailableError
from meguri_proto.key_days import day_date

START = TOWN.day_bounds_ms(DAY)[0]
PAGE = f"/towns/{TOWN.town}"
ARRIVALS = {"place": "station", "hour": 3, "arrivals": 21, "devices": 21, "random": 0}
NO_REDIS = "redis://127.0.0.1:1/0"


class Rows:
    """A store that answers each query with what it was given."""

    def __init__(self, **rows):
        self.rows = rows
        self.error = None
        self.error_in = ""

    def query(self, name, _params):
        if self.error and self.error_in in name:
            raise self.error
        return self.rows.get(name.partition("/")[2], [])


def day_row(key_day=DAY, **values):
    row = {"key_day": day_date(key_day), "slice": 0, "generation": 0, "late": 0, "lost": 0, "complete": 0}
    times = {"watermark_ms": START + 8 * HOUR, "town_time_ms": START + 8 * HOUR}
    return {**row, **times, **values}


@pytest.fixture
def rows(monkeypatch):
    async def no_chart(self, drawing, width):
        raise RenderingError("no charts in these tests")

    monkeypatch.setattr(Renderer, "svg", no_chart)
    return Rows(days=[day_row()])


@pytest.fixture
def client(rows):
    app = create_app(towns={TOWN.town: TOWN}, store=rows, redis_url=NO_REDIS, pace=Pace(watch_every_s=0.02))
    with TestClient(app) as client:
        yield client


def test_the_only_towns_page_is_the_front_page(client):
    answer = client.get("/", follow_redirects=False)
    assert answer.headers["location"] == PAGE


def test_several_towns_are_listed(rows):
    from dataclasses import replace

    other = replace(TOWN, town="other", names={"ja": "ほかの町", "en": "Other"})
    app = create_app(towns={TOWN.town: TOWN, "other": other}, store=rows, redis_url=NO_REDIS)
    page = TestClient(app).get("/", headers={"Accept-Language": "en"}).text
    assert 'href="/towns/yamazato">Yamazato' in page
    assert 'href="/towns/other">Other' in page


@pytest.mark.parametrize(("wish", "language"), [("ja", "ja"), ("en", "en"), ("", "ja"), ("fr", "en")])
def test_the_page_is_in_the_language_that_the_browser_asks_for(client, wish, language):
    answer = client.get(PAGE, headers={"Accept-Language": wish})
    assert f'<html lang="{language}">' in answer.text
    assert "Accept-Language" in answer.headers["vary"]


def test_the_switch_is_remembered_and_the_day_kept(client):
    page = client.get(f"{PAGE}?day={day_date(DAY)}", headers={"Accept-Language": "ja"}).text
    switch = re.search(r'class="switch" href="([^"]+)" hreflang="en"', page)[1].replace("&amp;", "&")
    assert f"day={day_date(DAY)}" in switch
    assert '<html lang="en">' in client.get(switch, headers={"Accept-Language": "ja"}).text
    assert '<html lang="en">' in client.get(PAGE, headers={"Accept-Language": "ja"}).text


def test_a_town_that_is_not_there_is_a_page_that_names_those_that_are(client):
    answer = client.get("/towns/atlantis", headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert "No such town" in answer.text
    assert f'href="{PAGE}"' in answer.text
    assert "atlantis" not in answer.text.replace("?lang", "").split("<main", 1)[1]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ({"day": "2001-01-01"}, "Yamazato has no figures of these days."),
        ({"day": "yesterday"}, "This address does not name a day of Yamazato in the form 2026-10-01."),
        ({"day": ""}, "This address does not name a day of Yamazato in the form 2026-10-01."),
        ({"from": "2024-10-04", "to": "2024-10-40"}, "This address does not name a day"),
        ({"from": "2024-10-04", "to": "2024-10-01"}, "The period ends before it begins."),
        ({"from": "2020-10-04", "to": "2024-10-04"}, "A page shows at most three years of Yamazato."),
    ],
)
@pytest.mark.parametrize("part", ["", "/figures"])
def test_a_period_that_is_not_there_is_a_page_that_says_why_and_leads_to_the_latest(
    client, query, reason, part
):
    answer = client.get(f"{PAGE}{part}", params=query, headers={"Accept-Language": "en"})
    assert answer.status_code == 404
    assert "No such period" in answer.text
    assert reason in answer.text
    assert f'<a href="{PAGE}">To the latest day' in answer.text


def test_a_town_without_a_day_says_so_and_has_no_picker(client, rows):
    rows.rows["days"] = []
    page = client.get(PAGE, headers={"Accept-Language": "en"}).text
    assert "No day yet" in page
    assert "<form" not in page


def test_the_latest_day_is_shown_unless_another_is_asked_for(client, rows):
    rows.rows["days"] = [day_row(DAY + 1), day_row(DAY)]
    english = {"Accept-Language": "en"}
    assert "Saturday 5 October 2024" in client.get(PAGE, headers=english).text
    asked = client.get(PAGE, params={"day": str(day_date(DAY))}, headers=english).text
    assert "Friday 4 October 2024" in asked
    assert f'data-fragment="{PAGE}/figures?day={day_date(DAY)}&amp;lang=en"' in asked


def test_late_signals_are_told_where_there_are_any(client, rows):
    english = {"Accept-Language": "en"}
    assert "late: 37" not in client.get(PAGE, headers=english).text
    rows.rows["days"] = [day_row(late=30), day_row(late=7, slice=1)]
    page = client.get(PAGE, headers=english).text
    assert "Signals that came late: 37. They are not in these figures yet" in page
    rows.rows["sealed_days"] = [{"key_day": day_date(DAY), "lost": 0}]
    page = client.get(PAGE, headers=english).text
    assert "Signals that came too late: 37. They are in none of these figures." in page


def test_messages_that_were_lost_are_told_where_there_are_any(client, rows):
    english = {"Accept-Language": "en"}
    assert "were lost" not in client.get(PAGE, headers=english).text
    rows.rows["days"] = [day_row(lost=3)]
    assert "Up to 3 messages with signals of this period were lost" in client.get(PAGE, headers=english).text


@pytest.mark.parametrize(
    ("language", "state", "said"),
    [("en", "lost", "1 of 1 days are lost: Fri 4 Oct."), ("ja", "失われた日", "1日のうち1日は失われました")],
)
def test_a_day_that_was_dropped_before_it_was_counted_is_shown_as_lost(client, rows, language, state, said):
    rows.rows["sealed_days"] = [{"key_day": day_date(DAY), "lost": 1}]
    for days in ([day_row()], []):
        rows.rows["days"] = days
        page = client.get(PAGE, headers={"Accept-Language": language}).text
        assert f'<p class="badge">{state}</p>' in page
        assert said in page
        assert ('<section class="block" id="sensors"' in page) is bool(days)


def test_a_day_that_was_complete_is_not_lost(client, rows):
    rows.rows["sealed_days"] = [{"key_day": day_date(DAY), "lost": 1}]
    rows.rows["days"] = [day_row(complete=1)]
    assert "lost" not in client.get(f"{PAGE}/figures", headers={"Accept-Language": "en"}).text


def test_a_day_is_as_far_as_the_slice_that_is_furthest_behind(client, rows):
    rows.rows["days"] = [day_row(complete=1), day_row(slice=1, watermark_ms=START + 3 * HOUR)]
    assert "so far, as of 07:00" in client.get(PAGE, headers={"Accept-Language": "en"}).text


@pytest.mark.parametrize("error", [StoreUnavailableError("away"), StoreError("no such table")])
def test_when_clickhouse_cannot_answer_page_and_fragment_say_so(client, rows, error):
    rows.error = error
    for address in (PAGE, f"{PAGE}/figures"):
        answer = client.get(address, headers={"Accept-Language": "en"})
        assert answer.status_code == 503
        assert "The figures cannot be read" in answer.text
    assert client.get(f"{PAGE}/live").status_code == 200


def test_figures_that_could_not_be_read_are_read_when_they_are_asked_for_again(client, rows):
    rows.error, rows.error_in = StoreUnavailableError("away"), "arrivals"
    assert client.get(PAGE).status_code == 503
    rows.error = None
    assert client.get(PAGE).status_code == 200


def test_readiness_follows_clickhouse_and_not_redis(client, rows):
    from time import monotonic, sleep

    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert "live numbers stop" in answer.json()["redis"]
    rows.error = StoreUnavailableError("away")
    until = monotonic() + 10
    while client.get("/readyz").status_code == 200 and monotonic() < until:
        sleep(0.02)
    assert client.get("/readyz").json()["status"] == "not ready"
    assert client.get("/healthz").status_code == 200


def test_without_redis_the_live_part_says_that_the_numbers_have_stopped(client):
    assert "Live numbers have stopped" in client.get(f"{PAGE}/live?lang=en").text


def test_a_chart_that_cannot_be_drawn_leaves_its_table_open(client, rows):
    rows.rows["arrivals_running"] = [ARRIVALS]
    page = client.get(PAGE, headers={"Accept-Language": "en"}).text
    assert "The chart cannot be drawn at the moment." in page
    assert '<details id="arrivals-table" open>' in page
    assert "<td>about 20</td>" in page


def test_within_a_minute_of_town_time_a_days_counts_stay_as_they_are(client, rows):
    def cells():
        return re.findall(r"<td>about (\d+)</td>", client.get(f"{PAGE}/figures?lang=en").text)

    rows.rows["arrivals_running"] = [ARRIVALS]
    assert cells() == ["20", "20"]
    rows.rows["arrivals_running"] = [{**ARRIVALS, "arrivals": 99, "devices": 99}]
    rows.rows["days"] = [day_row(watermark_ms=START + 8 * HOUR + 59_999, late=5)]
    assert cells() == ["20", "20"]
    rows.rows["days"] = [day_row(watermark_ms=START + 8 * HOUR + 60_000)]
    assert cells() == ["100", "100"]


def test_every_answer_carries_the_headers_that_keep_the_page_to_itself(client):
    for address in (PAGE, "/towns/atlantis", "/static/pages.css", f"{PAGE}/live", "/healthz"):
        headers = client.get(address).headers
        assert "default-src 'none'" in headers["content-security-policy"], address
        assert "unsafe" not in headers["content-security-policy"], address
        assert headers["x-content-type-options"] == "nosniff"


def test_pages_hold_nothing_inline_that_their_policy_forbids(client):
    page = client.get(PAGE).text
    assert not re.search(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=", page)


def test_metrics_name_routes_and_never_paths(client):
    client.get(PAGE)
    client.get("/towns/atlantis-of-somebody")
    metrics = client.get("/metrics").text
    assert 'route="/towns/{town}"' in metrics
    assert "atlantis" not in metrics
    assert "meguri_dashboard_live_link_up 0.0" in metrics


def test_without_its_font_the_dashboard_does_not_start_and_names_the_command(rows, monkeypatch, tmp_path):
    monkeypatch.setattr(assets, "VENDOR", tmp_path)
    with pytest.raises(AssetsMissingError, match=r"python -m meguri_dashboard\.assets"):
        create_app(towns={TOWN.town: TOWN}, store=rows, redis_url=NO_REDIS)


def test_the_picker_offers_presets_that_end_with_the_latest_day_and_the_days_beside(client, rows):
    rows.rows["days"] = [day_row(DAY + 1), day_row(DAY), day_row(DAY - 1)]
    page = client.get(PAGE, params={"day": str(day_date(DAY))}, headers={"Accept-Language": "en"}).text
    presets = re.findall(r'<li><a href="/towns/yamazato\??([^"]*)"( aria-current="page")?>([^<]+)', page)
    assert [(query.replace("&amp;", "&"), text) for query, _, text in presets] == [
        ("", "Latest day"),
        ("day=2024-10-04", "The day before"),
        ("from=2024-09-29&to=2024-10-05", "7 days"),
        ("from=2024-09-06&to=2024-10-05", "30 days"),
        ("from=2023-10-07&to=2024-10-05", "A year"),
    ]
    assert [bool(chosen) for _, chosen, _ in presets] == [False, True, False, False, False]
    assert (
        re.findall(r'name="(?:from|to)" value="([^"]+)" min="([^"]+)" max="([^"]+)"', page)
        == [("2024-10-04", "2024-10-03", "2024-10-05")] * 2
    )
    assert "Earlier: Thu 3 Oct" in page
    assert "Later: Sat 5 Oct" in page


def test_the_day_beside_is_the_nearest_that_has_figures(client, rows):
    rows.rows["days"] = [day_row(DAY), day_row(DAY - 9)]
    page = client.get(PAGE, headers={"Accept-Language": "en"}).text
    assert "Earlier: Wed 25 Sep" in page
    assert "Later:" not in page


def test_days_of_a_period_without_figures_are_said(client, rows):
    rows.rows["days"] = [day_row(DAY), day_row(DAY - 1), day_row(DAY - 4)]
    query = {"from": str(day_date(DAY - 5)), "to": str(day_date(DAY))}
    page = client.get(PAGE, params=query, headers={"Accept-Language": "en"}).text
    assert "29 September – 4 October 2024" in page
    assert "3 of 6 days have no figures: Sun 29 Sep, Tue 1 Oct–Wed 2 Oct." in page


def test_every_block_has_its_definition_one_click_away(client, rows):
    page = client.get(PAGE, headers={"Accept-Language": "en"}).text
    blocks = re.findall(r'<section class="block" id="([^"]+)"', page)
    assert {"arrivals", "dwell", "moves", "sensors"} <= set(blocks)
    for block in blocks:
        definition = page.split(f'<details id="{block}-definition">')[1].split("</details>")[0]
        assert definition.count("<summary>") == 1
        assert re.search(r"<p>\w+", definition)


def test_figures_of_days_that_are_over_are_read_again_after_a_minute(client, rows, monkeypatch):
    english = {"Accept-Language": "en"}
    cell = {**ARRIVALS, "key_day": day_date(DAY)}
    rows.rows |= {"days": [day_row(complete=1)], "arrivals_by_hour": [cell]}
    assert "about 20" in client.get(PAGE, headers=english).text
    rows.rows["arrivals_by_hour"] = [{**cell, "arrivals": 99, "devices": 99}]
    assert "about 100" not in client.get(PAGE, headers=english).text
    monkeypatch.setattr(page_book, "_FRESH_S", -1)
    assert "about 100" in client.get(PAGE, headers=english).text


GUIDE = f"{PAGE}/guide"
SIGHT = {"unit": day_date(DAY), "sight": "1", "walks": 20, "ended_walks": 20}


def test_the_page_of_the_guide_is_linked_from_the_towns_page_with_its_period_and_leads_back(client):
    query = f"day={day_date(DAY)}"
    assert f'href="{GUIDE}?{query}"' in client.get(f"{PAGE}?{query}").text
    assert f'href="{GUIDE}"' in client.get(PAGE).text
    page = client.get(f"{GUIDE}?{query}")
    assert page.status_code == 200
    assert f'href="{PAGE}?{query}"' in page.text
    assert f'href="{GUIDE}.csv?{query}"' in page.text
    assert f'action="{GUIDE}"' in page.text, "the picker stays on this page"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_page_of_the_guide_has_its_blocks_each_with_its_definition(client, rows, language):
    rows.rows["guide_route"] = [SIGHT, {**SIGHT, "sight": ""}]
    page = client.get(f"{GUIDE}?lang={language}").text
    blocks = re.findall(r'<section class="block" id="(\w+)"', page)
    assert blocks == ["guide", "route", "hours", "stored", "survey"]
    assert all(f'id="{block}-definition"' in page for block in blocks)
    assert 'id="route-table"' in page


def test_the_table_of_the_guide_is_a_file_of_the_shown_figures(client, rows):
    rows.rows["guide_route"] = [SIGHT, {**SIGHT, "sight": ""}]
    answer = client.get(f"{GUIDE}.csv?lang=en")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == (
        f'attachment; filename="{TOWN.town}-guide-{day_date(DAY)}-{day_date(DAY)}.csv"'
    )
    assert "Along the route,No. 1,Walks,20" in answer.content.decode("utf-8-sig")


def test_figures_of_the_guide_are_not_those_that_were_kept_of_the_towns_page(client):
    assert 'id="route"' not in client.get(PAGE).text
    assert 'id="route"' in client.get(GUIDE).text
    assert 'id="arrivals"' not in client.get(GUIDE).text


def test_without_the_store_the_page_of_the_guide_says_so_and_its_table_is_no_empty_file(client, rows):
    rows.error = StoreUnavailableError("away")
    assert client.get(GUIDE).status_code == 503
    assert client.get(f"{GUIDE}.csv").status_code == 503


def test_a_town_without_a_day_has_an_empty_page_of_its_guide_and_no_table(client, rows):
    rows.rows["days"] = []
    page = client.get(GUIDE)
    assert page.status_code == 200
    assert ".csv" not in page.text
    assert client.get(f"{GUIDE}.csv").status_code == 404
    assert client.get("/towns/nowhere/guide").status_code == 404
