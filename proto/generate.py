"""Generate the modules of `*.proto` beside their sources: `python proto/generate.py [OUT]`."""

import sys
from importlib.resources import files
from pathlib import Path

from grpc_tools import protoc

SOURCES = Path(__file__).parent / "src"


def generate(out: Path) -> None:
    """Write `*_pb2.py` and `*_pb2.pyi` of every schema below `out`."""
    protos = sorted(str(path) for path in SOURCES.glob("meguri_proto/schema/*.proto"))
    include = files("grpc_tools") / "_proto"
    status = protoc.main(
        ["protoc", f"-I{SOURCES}", f"-I{include}", f"--python_out={out}", f"--pyi_out={out}", *protos]
    )
    if status:
        raise SystemExit(status)


if __name__ == "__main__":
    generate(Path(sys.argv[1]) if len(sys.argv) > 1 else SOURCES)
