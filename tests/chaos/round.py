"""One round in a process of its own: the play, what goes wrong meanwhile, and whether the truth is found.

    python -m chaos.round --seed N --folder DIR

The result stands in the folder's `result.json`, what the processes wrote in its `logs`.
"""

import argparse
import json
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path

from chaos.faults import MESSENGER, PLAY_S, VICTIMS, kind_of, schedule
from chaos.finding import Findings, differences, workers_of_the_fold
from chaos.play import HASTY, KEY_DAYS, ORDERLY, PlayedTown, Truth
from chaos.processes import Engines, FlowWorker, Ingest, Player
from chaos.supervising import RoundError, Supervisor
from kafka import KafkaProducer
from meguri.engines import Children
from meguri_kit.clickhouse.migrations import migrate
from meguri_kit.clickhouse.server import ServerStore
from meguri_kit.log import create_topics
from meguri_kit.registry import Registry
from meguri_proto.schema.log_pb2 import Record, Refold
from meguri_proto.topics import detections_partition, topics
from meguri_village.whole_files import replace_file

FLOW = "meguri_flow"
RESULT = "result.json"
_BEFORE_S = 2.0
"""Until the play begins, once the flow reads the log: the players load their libraries."""
_PATIENCE_S = 180.0
"""For each thing that has to come about after the play."""


@dataclass
class Result:
    """What came of a round."""

    seed: int
    faults: list[str]
    """The schedule."""
    kills: Counter = field(default_factory=Counter)
    """SIGKILLs that met a running process, by its kind."""
    stops: Counter = field(default_factory=Counter)
    """SIGSTOPs likewise."""
    failure: str | None = None
    """Why it could not be judged."""
    wrong: dict[str, dict] = field(default_factory=dict)
    """By town: what is not the truth."""
    rows: Counter = field(default_factory=Counter)
    """Rows compared, by table."""
    late: int = 0
    """Detections that were late when they came, and duplicates: that a round is no easy one."""
    duplicates: int = 0
    seconds: float = 0.0

    @property
    def is_right(self):
        """Whether all that was found is the truth."""
        return self.failure is None and not self.wrong

    def report(self):
        """The seed, what is wrong, and the schedule."""
        wrong = self.failure or json.dumps(self.wrong, indent=1, ensure_ascii=False)
        return "\n".join([f"seed {self.seed}: WRONG", wrong, *self.faults])


class Round:
    """Everything of one round.

    Args:
        seed: of the schedule and of the villages.
        folder: for all files; it exists.
        flow: the module that is a worker of the flow.
    """

    def __init__(self, seed, folder, flow):
        self._seed = seed
        self._folder = folder
        self._flow = flow
        self._faults = schedule(seed)
        self._children = Children(folder)
        self._engines = Engines(folder, self._children)

    def run(self):
        """Play it to its end; its result."""
        started = time.monotonic()
        result = Result(self._seed, list(map(str, self._faults)))
        try:
            self._play_and_judge(result)
        except RoundError as error:
            result.failure = str(error)
        result.seconds = round(time.monotonic() - started, 1)
        return result

    def _play_and_judge(self, result):
        self._engines.start()
        create_topics(self._engines.kafka.bootstrap)
        with closing(ServerStore(self._engines.clickhouse_url)) as store:
            migrate(store)
        registry_url = f"sqlite:///{self._folder / 'registry.db'}"
        towns_folder = self._folder / "towns"
        towns_folder.mkdir()
        ingest = Ingest(self._engines, towns_folder, registry_url, self._children)
        with closing(Registry(registry_url)) as registry:
            towns = [PlayedTown(name, self._seed, registry, ingest.url) for name in (HASTY, ORDERLY)]
        for town in towns:
            (towns_folder / f"{town.name}.yaml").write_text(town.file, "utf-8")
        supervisor = self._play(ingest, towns)
        for fault in supervisor.happened:
            (result.kills if fault.is_kill else result.stops)[kind_of(fault.process)] += 1
        generations = {ORDERLY: 0, HASTY: self._refold(HASTY)}
        findings = Findings(self._engines.kafka.bootstrap, self._engines.clickhouse_url)
        with closing(findings):
            for town in towns:
                generation = generations[town.name]
                supervisor.until(
                    partial(findings.is_complete, town.name, generation),
                    _PATIENCE_S,
                    f"the day of {town.name} is complete in generation {generation}",
                )
            supervisor.until(findings.sales_are_written, _PATIENCE_S, "all sales are written")
            _judge(result, findings, towns, generations, self._folder)

    def _play(self, ingest, towns):
        """Start everything, let it happen, and close the towns' days; who keeps the processes going."""
        workers = [FlowWorker(name, self._flow, self._engines, self._children) for name in VICTIMS["flow"]]
        for process in (ingest, *workers):
            process.start()
        _until_working(self._engines.kafka.bootstrap, workers)
        began = time.time() + _BEFORE_S
        hasty, orderly = towns
        scripts = {**hasty.scripts, MESSENGER: chain.from_iterable(orderly.scripts.values())}
        players = {name: self._player(name, posts, ingest, began) for name, posts in scripts.items()}
        processes = {
            "broker": self._engines.kafka,
            "database": self._engines.clickhouse,
            "redis": self._engines.redis,
            "ingest": ingest,
            **dict(zip(VICTIMS["flow"], workers, strict=True)),
            **players,
        }
        for player in players.values():
            player.start()
        supervisor = Supervisor(processes, self._faults, began)
        supervisor.until(
            lambda: supervisor.is_over and all(player.is_done for player in players.values()),
            PLAY_S + _PATIENCE_S,
            "everything is delivered",
        )
        closer = self._player("closer", [town.closing for town in towns], ingest, time.time())
        processes["closer"] = closer
        closer.start()
        supervisor.until(lambda: closer.is_done, _PATIENCE_S, "the days are closed")
        return supervisor

    def _player(self, name, posts, ingest, began):
        in_order = sorted(posts, key=lambda post: post.at_s)
        return Player(name, in_order, self._folder, ingest.url, began, self._children)

    def _refold(self, town):
        """Ask for the last refold of a town's day; its generation."""
        key_day = KEY_DAYS[town]
        partition = detections_partition(town, key_day, topics()["detections"].partitions)
        record = Record(refold=Refold(town=town, key_day=key_day)).SerializeToString()
        with closing(KafkaProducer(bootstrap_servers=self._engines.kafka.bootstrap, acks="all")) as producer:
            return producer.send("detections", record, partition=partition).get(_PATIENCE_S).offset


def _until_working(bootstrap, workers):
    """Return when each of the workers has its part of the partitions."""
    deadline = time.monotonic() + _PATIENCE_S
    while workers_of_the_fold(bootstrap) < len(workers):
        if time.monotonic() > deadline or any(worker.child.ended for worker in workers):
            raise RoundError(f"the workers of the flow do not begin: {workers[0].child.log_tail()[-1000:]}")
        time.sleep(0.5)


def _judge(result, findings, towns, generations, folder):
    """Compare what is found with the truth, row by row."""
    for town in towns:
        generation = generations[town.name]
        of_town = folder / town.name
        of_town.mkdir()
        truth, found = town.truth(of_town), findings.of(town.name, generation)
        wrong = differences(truth, found)
        if wrong:
            result.wrong[town.name] = wrong
        result.rows.update({table: getattr(truth, table).total() for table in Truth._fields})
        late, duplicates = findings.late_and_duplicates(town.name)
        result.late += late
        result.duplicates += duplicates
    letters = findings.dead_letters()
    if letters:
        result.failure = f"{letters} dead letters: everything that is played can be taken"


def main():
    """Run the round that the command line names and write its result."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, required=True)
    options.add_argument("--folder", type=Path, required=True)
    options.add_argument("--flow", default=FLOW)
    asked = options.parse_args()
    result = Round(asked.seed, asked.folder, asked.flow).run()
    replace_file(asked.folder / RESULT, json.dumps(vars(result)))


if __name__ == "__main__":
    main()
