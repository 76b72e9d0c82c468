"""Freeze examples of messages: `python proto/freeze.py` writes the bytes of each new `*.json`.

An example is a JSON file, for people, and beside it the bytes, for programs, which never change once they
are there: they are what producers of that time wrote.

    examples/FOLDER/NAME.json, NAME.binpb    what is accepted
    rejects/FOLDER/NAME.json, NAME.binpb     what is rejected, and the reason

FOLDER is a topic, `upload`, or one of `REQUESTS`, whose bytes are JSON (NAME.body).

The JSON file holds `says` (a sentence) and either `message` (protobuf's JSON, columns as lists of numbers),
with `unknown` (bytes of fields that a newer producer added, hexadecimal) where there are any, or `request`
(the JSON of a request's body), or, where the bytes are neither, `body` (hexadecimal).
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from google.protobuf.descriptor_pool import Default
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message_factory import GetMessageClass
from meguri_proto.columns import DTYPES
from meguri_proto.schema import (  # noqa: F401 - they register their messages
    counts_pb2,
    guide_pb2,
    log_pb2,
    sales_pb2,
    survey_pb2,
    upload_pb2,
)
from meguri_proto.topics import topics

if TYPE_CHECKING:
    from google.protobuf.message import Message

HERE = Path(__file__).parent
REQUESTS = ("post-sales", "post-counts", "post-guide", "square-webhook")
"""Folders of bodies of HTTP requests: what tills, counters, phones and Square post."""
_COLUMN = "time_offset_ms"
"""What has this column has the others, too."""


def message_class(folder: str) -> type[Message]:
    """What the folder's examples are: a sensor's upload, or what the topic of that name holds."""
    name = "meguri.upload.v1.Upload" if folder == "upload" else topics()[folder].message
    return GetMessageClass(Default().FindMessageTypeByName(name))


def bytes_of(folder: str, example: dict[str, Any]) -> bytes:
    """The bytes that a JSON file describes."""
    if "body" in example:
        return bytes.fromhex(example["body"])
    if "request" in example:
        return json.dumps(example["request"], ensure_ascii=False, separators=(",", ":")).encode()
    message = ParseDict(_packed(example["message"]), message_class(folder)())
    return message.SerializeToString(deterministic=True) + bytes.fromhex(example.get("unknown", ""))


def suffix(folder: str) -> str:
    """Of the files that hold the folder's bytes."""
    return ".body" if folder in REQUESTS else ".binpb"


def message_of(folder: str, body: bytes) -> dict[str, Any]:
    """The `message` of a JSON file, from the bytes."""
    message = message_class(folder).FromString(body)
    fields: dict[str, Any] = _unpacked(MessageToDict(message, preserving_proto_field_name=True))
    return fields


def _packed(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Columns given as lists of numbers become the base64 that protobuf's JSON wants."""
    if isinstance(value, list):
        return [_packed(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: base64.b64encode(np.array(item, DTYPES[name]).tobytes()).decode()
        if name in DTYPES and isinstance(item, list)
        else _packed(item)
        for name, item in value.items()
    }


def _unpacked(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Columns become lists of numbers, unless their length is no multiple of their width."""
    if isinstance(value, list):
        return [_unpacked(item) for item in value]
    if not isinstance(value, dict):
        return value
    fields = {}
    for name, item in value.items():
        fields[name] = _unpacked(item)
        if name in DTYPES and _COLUMN in value:
            column = base64.b64decode(item)
            if len(column) % DTYPES[name].itemsize == 0:
                fields[name] = np.frombuffer(column, DTYPES[name]).tolist()
    return fields


if __name__ == "__main__":
    for source in sorted([*HERE.glob("examples/*/*.json"), *HERE.glob("rejects/*/*.json")]):
        frozen = source.with_suffix(suffix(source.parent.name))
        if not frozen.exists():
            frozen.write_bytes(bytes_of(source.parent.name, json.loads(source.read_text("utf-8"))))
            print(f"froze {frozen.relative_to(HERE)}")  # noqa: T201 - a program for the terminal
