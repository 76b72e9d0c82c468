"""The flow beside others that make the same visits of the same detections, each found to agree.

    python tests/bench/beside_others.py [--rounds 3]

Beside ClickHouse's own SQL the whole day is folded; beside stream processors in Python (tests/bench/peers)
a part of it, one JSON detection a message. What a peer finds is compared with tests/reference, what SQL
finds with what the flow wrote. PyFlink is not run: its rate is the customer's measurement.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import clickhouse_sql
import peer_runs
from bench_engines import bench_engines
from figures import Bound, Figure, bench_options, keep, ratio_at_least, say
from flow_throughput import DETECTIONS, TOWN, produce, through_the_flow
from meguri_kit.clickhouse.embedded import EmbeddedStore
from meguri_kit.clickhouse.migrations import migrate
from packed_day import unpacked

if TYPE_CHECKING:
    from bench_engines import Engines
    from packed_day import PackedDay

MESSAGE = 200
"""Detections of a message, in the flow's topic."""
SQL = {
    "ClickHouse's SQL, one thread": clickhouse_sql.by_name,
    "the same, places as numbers": clickhouse_sql.by_number,
}
MANY, FEW = 200_000, 8
"""Detections of the JSON topic, and one device in so many of it for those that take it too slowly."""
ONE_MESSAGE_IN = 7
"""Of those that the JSON topic is made of; prime to the number of sensors, so that all are among them."""
PYFLINK = "PyFlink SQL SESSION (quoted: the customer's measurement)"
PYFLINK_RATE = 99_000.0


class Peer(NamedTuple):
    """A script of `peers`, over many detections or few, and what the flow has to be beside it."""

    name: str
    script: str
    takes: str
    bound: Bound
    is_tuned: bool = False


BEST = ratio_at_least(40)
PEERS = (
    Peer("Faust, agent and Table", "faust_table", "few", ratio_at_least(1_000)),
    Peer("bytewax, session window", "bytewax_session_window", "many", BEST),
    Peer("bytewax, session window, tuned", "bytewax_session_window", "many", BEST, is_tuned=True),
    Peer("Quix Streams, session window", "quix_session_window", "few", BEST),
    Peer("Quix Streams, stateful function", "quix_stateful_function", "many", BEST),
)


def flow_and_sql(engines: Engines, day: PackedDay, rounds: int) -> tuple[list[float], dict[str, list[float]]]:
    """Detections a second of the flow, and of each way in SQL, in turns.

    Raises:
        RuntimeError: SQL finds other visits than the flow.
    """
    flow_rates, sql_rates = [], defaultdict(list)
    folder = engines.folder / "clickhouse"
    store = EmbeddedStore(folder)
    migrate(store)
    for number in range(1, rounds + 1):
        folded = through_the_flow(engines, store, len(day))
        flow_rates.append(folded.rate)
        say(f"round {number}: the flow {folded.rate:,.0f}/s")
        for name, visits_by_sql in SQL.items():
            found = visits_by_sql(folder, day)
            if found.visits != written(store):
                raise RuntimeError(f"{name} finds other visits than the flow")
            sql_rates[name].append(found.rate)
            say(f"round {number}: {name} {found.rate:,.0f}/s")
    store.close()
    return flow_rates, sql_rates


def written(store: EmbeddedStore) -> set[clickhouse_sql.Visit]:
    """The visits that the flow wrote."""
    rows = store.select(
        "SELECT place, device, first_ms, last_ms, receptions FROM visits FINAL WHERE closed = 1"
    )
    return {tuple(row.values()) for row in rows}


def beside_peers(engines: Engines, day: PackedDay, detections: int, rounds: int) -> dict[str, list[float]]:
    """Detections a second of each peer, over so many of the day or over fewer."""
    many = day.of_messages(ONE_MESSAGE_IN, detections)
    topics = {
        name: peer_runs.json_day(engines.bootstrap, name, part)
        for name, part in {"many": many, "few": many.of_devices(FEW)}.items()
    }
    rates = defaultdict(list)
    for number in range(1, rounds + 1):
        for peer in PEERS:
            rates[peer.name].append(peer_runs.run(peer.script, topics[peer.takes], is_tuned=peer.is_tuned))
            say(f"round {number}: {peer.name} {rates[peer.name][-1]:,.0f}/s")
    return rates


def main() -> None:
    """Measure all in one run."""
    parser = bench_options(__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    peer_runs.make_environment()
    messages = int(DETECTIONS * options.scale) // MESSAGE
    with bench_engines() as engines:
        say(f"appending {messages * MESSAGE:,} detections")
        produce(engines.bootstrap, messages, MESSAGE)
        day = unpacked(TOWN.rules(), TOWN.deliveries(messages, MESSAGE))
        flow, by_sql = flow_and_sql(engines, day, options.rounds)
        by_peers = beside_peers(engines, day, int(MANY * options.scale), options.rounds)
    bounds = {peer.name: [peer.bound] for peer in PEERS}
    bounds |= {"ClickHouse's SQL, one thread": [ratio_at_least(1)], PYFLINK: [BEST]}
    work = f"Kafka to visits in ClickHouse, messages of {MESSAGE}"
    keep(
        "beside_others",
        options,
        [
            Figure(work, "detections/s", flow, name, rates, bounds.get(name, ()))
            for name, rates in {**by_sql, **by_peers, PYFLINK: [PYFLINK_RATE]}.items()
        ],
        versions=peer_runs.versions(),
    )


if __name__ == "__main__":
    main()
