"""How other commands talk to the running process: one JSON line each way over a socket in its data folder."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

    Operation = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]

logger = logging.getLogger(__name__)

ANSWER_SECONDS = 30
_LONGEST_ADDRESS = 100
"""Bytes; the kernel's limit is 104 to 108."""


async def serve(path: Path, operations: dict[str, Operation]) -> asyncio.Server:
    """Answer requests at the socket; where an operation raises, the answer is an `error`, a sentence."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            reply = await _reply(operations, json.loads(await reader.readline() or b"{}"))
            writer.write(json.dumps(reply).encode() + b"\n")
            await writer.drain()
        writer.close()

    return await asyncio.start_unix_server(answer, sock=_listen(path))


async def _reply(operations: dict[str, Operation], request: dict[str, Any]) -> dict[str, Any]:
    name = request.get("op", "")
    if name not in operations:
        return {"error": f"The running Meguri knows no request {name!r}."}
    try:
        return await operations[name](request)
    except LocalRunError as error:
        return {"error": str(error)}
    except Exception as error:
        logger.exception("the request %s failed", name)
        why = str(error).rstrip(".") or "it gives no reason"
        return {"error": f"{type(error).__name__}: {why}. More stands in the running Meguri's log."}


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)  # a killed run's
    listener = socket.socket(socket.AF_UNIX)
    with _address(path) as address:
        listener.bind(address)
    path.chmod(0o600)
    return listener


def answers(path: Path) -> bool:
    """Whether a Meguri answers at the socket."""
    try:
        with socket.socket(socket.AF_UNIX) as connection, _address(path) as address:
            connection.connect(address)
    except OSError:
        return False
    return True


def ask(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    """The running process's answer.

    Raises:
        LocalRunError: nothing runs there, or it answered with an error.
    """
    try:
        with socket.socket(socket.AF_UNIX) as connection, _address(path) as address:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(address)
            connection.sendall(json.dumps(request).encode() + b"\n")
            reply: dict[str, Any] = json.loads(connection.makefile("rb").readline())
    except (OSError, ValueError) as error:
        raise LocalRunError(
            f"No Meguri runs on {path.parent}. Start one with `meguri demo` or `meguri up`, or name the data "
            "folder of the one that runs with --data."
        ) from error
    if "error" in reply:
        raise LocalRunError(reply["error"])
    return reply


@contextmanager
def _address(path: Path) -> Iterator[str]:
    """The socket's address; a deep folder is named through an open descriptor, since addresses are short."""
    if len(os.fsencode(path)) <= _LONGEST_ADDRESS:
        yield str(path)
        return
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{path.name}"
    finally:
        os.close(descriptor)
