"""One local run: the engines as children, the services in this process, until it is told to stop.

data folder ─▶ listeners ─▶ Kafka, Redis ─▶ services ─▶ servers ─▶ activity (the demo's village) ─▶ stop
"""

from __future__ import annotations

import asyncio
import logging
import signal
import threading
import warnings
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from meguri_kit.logging import configure as configure_logging

from meguri import control
from meguri.engines import Children, Kafka, Redis
from meguri.errors import LocalRunError
from meguri.listeners import guide_port, listen, url
from meguri.operations import operations
from meguri.public_side import Door, look_after_certificate
from meguri.running import Running
from meguri.supervision import check_disk, supervise

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping
    from typing import Any

    from meguri_proto.towns import Town

    from meguri.data_folder import DataFolder
    from meguri.narration import Narrator

    Activity = Callable[[Running], Coroutine[Any, Any, None]]


logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.1


async def until_stopped(running: Running) -> None:
    """An activity that does nothing but say where the services answer."""
    running.say_addresses()
    await asyncio.Event().wait()


class LocalRun:
    """Everything on this machine.

    Args:
        folder: keeps the run's data; held by the caller.
        towns: by name.
        first_port: of the services, see `listeners.listen`.
        narrator: told each step.
        activity: what goes on while everything runs; the run ends when it returns.
        door: where visitors reach the guide.
    """

    def __init__(  # noqa: PLR0913  a composition root is told everything
        self,
        folder: DataFolder,
        towns: Mapping[str, Town],
        first_port: int,
        narrator: Narrator,
        activity: Activity = until_stopped,
        *,
        door: Door | None = None,
    ) -> None:
        self._folder = folder
        self._towns = towns
        self._first_port = first_port
        self._narrator = narrator
        self._activity = activity
        self._door = door or Door()

    def run(self) -> None:
        """Bring everything up, run the activity, and stop everything when it ends or the process is told to.

        Blocks; to be called from the main thread. SIGINT and SIGTERM are no errors.

        Raises:
            LocalRunError: something cannot be started, or a part of it ended by itself.
        """
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with suppress(KeyboardInterrupt), ExitStack() as cleanup:
            self._run(cleanup)
            self._narrator.say("Stopping ...")

    def _run(self, cleanup: ExitStack) -> None:
        folder, narrator = self._folder, self._narrator
        configure_logging(stream=cleanup.enter_context(folder.log.open("a", encoding="utf-8")))
        # A thread that waits for a Kafka that was killed is left behind: it is not to write to a closed file.
        cleanup.callback(logging.basicConfig, handlers=[logging.NullHandler()], force=True)
        threading.excepthook = _log_what_ended_a_thread
        listeners = listen(self._first_port, self._door.elsewhere(guide_port(self._first_port)))
        for listener in listeners.values():
            cleanup.callback(listener.close)
        children = Children(folder.path)
        for name in children.end_leftovers():
            narrator.say(f"Ended {name}, which a killed run had left behind")
        check_disk(folder)
        kafka, redis = Kafka(folder.kafka, children), Redis(children)
        with narrator.step("Starting Kafka and Redis"):
            kafka.start()
            cleanup.callback(kafka.stop)
            redis.start()
            cleanup.callback(redis.stop)
            # FastAPI silences this warning of pydantic's, not about our code, while it makes routes. A
            # compiler that handles warnings in another thread meanwhile would undo that.
            warnings.filterwarnings("ignore", message="The 'alias' attribute with value")
            # Loading and compiling take seconds, in which Kafka starts.
            from meguri.services import Servers, Services, compile_kernels

            threading.Thread(target=compile_kernels, name="compile-kernels", daemon=True).start()
            redis.wait_ready()
            kafka.wait_ready()
        with narrator.step("Starting the services"):
            services = Services(
                folder, self._towns, kafka.bootstrap, redis.url, public_url=self._door.public.origin
            )
            cleanup.callback(lambda: services.close(kafka_answers=not kafka.ended))

        async def serve() -> None:
            public = self._door.public
            servers = Servers(services.apps, listeners, public)
            addresses = {service: url(listener) for service, listener in listeners.items()}
            if public.origin is not None:
                addresses["guide"] = public.origin
            running = Running(
                folder,
                self._towns,
                children,
                kafka,
                redis,
                services,
                servers,
                addresses,
                narrator,
                self._door,
            )
            try:
                await self._serve(running)
            except LocalRunError:
                narrator.say("A part of it has ended; stopping the rest ...")
                raise
            finally:
                await servers.stop()

        asyncio.run(serve())

    async def _serve(self, running: Running) -> None:
        stop = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await _until_answering(running)
        from meguri.sweeping import sweep_hourly  # imports the flow, as the services do: see `_run`

        doors = await control.serve(running.folder.control_socket, operations(running))
        ends = [
            asyncio.create_task(work, name=name)
            for name, work in (
                ("stop", stop.wait()),
                ("supervision", supervise(running)),
                ("sweep", sweep_hourly(running.services.store, running.kafka.bootstrap, running.towns)),
                ("certificate", look_after_certificate(running)),
                ("activity", self._activity(running)),
            )
        ]
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            doors.close()
            for task in ends:
                task.cancel()
            await asyncio.gather(*ends, return_exceptions=True)
        for task in done:
            task.result()


def _log_what_ended_a_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        logger.error("thread %s ended", ended.thread and ended.thread.name, exc_info=ended.exc_value)


async def _until_answering(running: Running) -> None:
    """Return when every service answers and the flow reads the log.

    Raises:
        LocalRunError: one of them ended instead.
    """
    supervision = asyncio.create_task(supervise(running))
    try:
        while not (running.servers.started and running.services.flow.wait_started(0)):
            if supervision.done():
                supervision.result()
            await asyncio.sleep(_POLL_SECONDS)
    finally:
        supervision.cancel()
