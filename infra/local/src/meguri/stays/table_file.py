"""A delimited text file with a header, as it comes: its encoding, delimiter and columns are found out."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, cast

import numpy as np
import pyarrow as pa
import pyarrow.csv

from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

DELIMITERS = (",", ";", "\t")
ENCODINGS = ("utf-8", "cp932")
_GZIP_MAGIC = b"\x1f\x8b"
_READ_BYTES = 1 << 20
_BLOCK_BYTES = 8 << 20


@dataclass(frozen=True)
class WrongRow:
    """A row that has more or fewer fields than the header; the header is line 1."""

    line: int
    fields: int
    expected: int


@dataclass(frozen=True)
class Rows:
    """Some rows of the asked columns, as text, and the line on which each stands."""

    columns: list[pa.StringArray]
    lines: NDArray[np.int64]


@dataclass
class TableFile:
    """What was found out about a file, and its rows.

    Lines are counted as records: a line break inside quotes does not count.
    """

    path: Path
    encoding: str
    delimiter: str
    header: list[str]
    wrong_rows: list[WrongRow] = field(default_factory=list)
    """Rows left out so far because of their number of fields."""

    def rows(self, names: Sequence[str], progress: Callable[[int], None]) -> Iterator[Rows]:
        """The named columns' rows, block by block; `progress` is told the bytes of the file read so far.

        Raises:
            LocalRunError: the file cannot be taken apart, such as an open quote at its end.
        """
        columns = [f"f{self.header.index(name)}" for name in names]
        wrong: list[int] = []

        def leave_out(row: pa.csv.InvalidRow) -> str:
            wrong.append(row.number)
            self.wrong_rows.append(WrongRow(row.number, row.actual_columns, row.expected_columns))
            return "skip"

        with self.path.open("rb") as raw:
            try:
                reader = pa.csv.open_csv(
                    _uncompressed(raw),
                    read_options=pa.csv.ReadOptions(
                        use_threads=False,  # with threads the wrong rows have no line
                        encoding="utf8" if self.encoding == "utf-8" else self.encoding,
                        column_names=[f"f{index}" for index in range(len(self.header))],
                        skip_rows_after_names=1,
                        block_size=_BLOCK_BYTES,
                    ),
                    parse_options=pa.csv.ParseOptions(
                        delimiter=self.delimiter,
                        newlines_in_values=True,
                        ignore_empty_lines=False,
                        invalid_row_handler=leave_out,
                    ),
                    convert_options=pa.csv.ConvertOptions(
                        include_columns=columns,
                        column_types=dict.fromkeys(columns, pa.string()),
                        strings_can_be_null=False,
                    ),
                )
                read = 0
                for batch in reader:
                    progress(raw.tell())
                    yield Rows(batch.columns, _lines(read, batch.num_rows, wrong))
                    read += batch.num_rows
            except pa.ArrowInvalid as error:
                raise LocalRunError(
                    f"{self.path} cannot be read as a table: a quote is not closed, or a row is longer than "
                    f"{_BLOCK_BYTES >> 20} MB."
                ) from error


def open_table(path: Path, names: Sequence[str]) -> TableFile:
    """Find out how to read a file that has the named columns.

    Raises:
        LocalRunError: it is not there, in no known encoding, or has no such columns.
    """
    if not path.is_file():
        raise LocalRunError(f"There is no file {path}.")
    encoding = _encoding(path)
    with path.open("rb") as raw:
        text = io.TextIOWrapper(_uncompressed(raw), encoding="utf-8-sig" if encoding == "utf-8" else encoding)
        headers = {}
        for delimiter in DELIMITERS:
            text.seek(0)
            try:
                headers[delimiter] = next(csv.reader(text, delimiter=delimiter), [])
            except csv.Error as error:
                raise LocalRunError(f"{path}, line 1 is no header: {error}.") from error
    fitting = [mark for mark, header in headers.items() if all(header.count(name) == 1 for name in names)]
    if fitting:
        return TableFile(path, encoding, fitting[0], headers[fitting[0]])
    likely = max(headers.values(), key=len)
    found = ", ".join(likely) or "nothing"
    for name in names:
        if likely.count(name) > 1:
            raise LocalRunError(f"{path}, line 1 has the column {name} more than once: {found}.")
        if name not in likely:
            raise LocalRunError(
                f"{path}, line 1 has no column {name}. It has: {found}. "
                "Name the columns with --time, --place and --device."
            )
    raise AssertionError("a header with every name once fits")


def _uncompressed(raw: IO[bytes]) -> IO[bytes]:
    magic = raw.read(len(_GZIP_MAGIC))
    raw.seek(0)
    return cast("IO[bytes]", gzip.GzipFile(fileobj=raw)) if magic == _GZIP_MAGIC else raw


def _encoding(path: Path) -> str:
    """The first of `ENCODINGS` that the whole file is in.

    The whole file is read for it: one name in CP932 after a million lines of ASCII would else be found when
    half of the work is done.
    """
    decoders = {name: codecs.getincrementaldecoder(name)() for name in ENCODINGS}
    try:
        with path.open("rb") as raw:
            file = _uncompressed(raw)
            while decoders:
                chunk = file.read(_READ_BYTES)
                for name, decoder in list(decoders.items()):
                    try:
                        decoder.decode(chunk, final=not chunk)
                    except UnicodeDecodeError:
                        del decoders[name]
                if not chunk:
                    break
    except (EOFError, gzip.BadGzipFile, OSError) as error:
        raise LocalRunError(f"{path} cannot be read to its end: {error}.") from error
    if not decoders:
        raise LocalRunError(f"{path} is neither UTF-8 nor CP932 (Shift JIS). Save it as CSV in UTF-8.")
    return next(iter(decoders))


def _lines(read: int, count: int, wrong: Sequence[int]) -> NDArray[np.int64]:
    """Lines of rows `read` to `read + count` of those that were not left out (line 1 is the header)."""
    lines = np.arange(read + 2, read + 2 + count, dtype=np.int64)
    for line in wrong:
        lines[lines >= line] += 1
    return lines
