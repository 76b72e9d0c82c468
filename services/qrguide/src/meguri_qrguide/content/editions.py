"""What was published of a guide: whole, numbered copies of its content folder, one of which is served.

{folder}/000007/content/     a content folder, never changed
{folder}/000007/edition.json when it was published
{folder}/current             the number of the edition that is served
"""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from meguri_qrguide.content.durable_files import held, replace_file, sync_folder, sync_tree
from meguri_qrguide.content.folder import list_files
from meguri_qrguide.content.problems import ContentError, Problem
from meguri_qrguide.content.reading import read_guide

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from meguri_qrguide.content.guide import Guide
    from meguri_qrguide.content.layout import Placed

_UNFINISHED = ".new-"


@dataclass(frozen=True)
class Edition:
    """A published copy. It never changes."""

    number: int
    """From 1."""
    folder: Path
    """A content folder."""
    published_ms: int
    """Epoch milliseconds."""

    @cached_property
    def guide(self) -> Guide:
        """What it says, read when first asked for: that takes as long as reading its media."""
        return read_guide(self.folder)


class NoSuchEditionError(Exception):
    """No edition has this number; a sentence."""


class Editions:
    """The editions of one town's guide.

    Args:
        folder: where they lie; made when the first is published.
        town: whose guide it is; another's is not published here.
    """

    def __init__(self, folder: Path, town: str) -> None:
        self._folder = folder
        self._town = town
        self._pointer = folder / "current"
        self._served: tuple[tuple[int, int], Edition] | None = None

    def publish(self, draft: Path, at_ms: int) -> Edition:
        """Copy the draft as the next edition and serve it.

        Raises:
            ContentError: the draft cannot be used; what is served stays.
        """
        files = list_files(draft)
        with self._held():
            numbers = self._numbers()
            new = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=self._folder))
            try:
                earlier = self._place(numbers[-1]) / "content" if numbers else None
                _copy(draft, files, new / "content", earlier)
                # What is checked is the copy: somebody may be writing to the draft.
                check_town(read_guide(new / "content"), self._town)
            except BaseException:
                shutil.rmtree(new)
                raise
            number = numbers[-1] + 1 if numbers else 1
            (new / "edition.json").write_text(json.dumps({"published_ms": at_ms}), "utf-8")
            new.chmod(0o755)
            sync_tree(new)
            new.rename(self._place(number))
            sync_folder(self._folder)
            return self._serve(number)

    def current(self) -> Edition | None:
        """The edition that is served; None: none was published. Costs one `stat` while it stays the same."""
        try:
            stat = self._pointer.stat()
        except FileNotFoundError:
            return None
        stamp = stat.st_ino, stat.st_mtime_ns
        if self._served is None or self._served[0] != stamp:
            self._served = stamp, self.edition(int(self._pointer.read_text("ascii")))
        return self._served[1]

    def roll_back(self, number: int) -> Edition:
        """Serve an edition that was published before (or after).

        Raises:
            NoSuchEditionError: there is none of that number.
        """
        if not self._folder.is_dir():
            raise NoSuchEditionError(f"Nothing of the guide of {self._town} was published.")
        with self._held():
            self.edition(number)
            return self._serve(number)

    def list(self) -> tuple[Edition, ...]:
        """Every edition, the newest first."""
        return tuple(self.edition(number) for number in reversed(self._numbers()))

    def edition(self, number: int) -> Edition:
        """One that was published.

        Raises:
            NoSuchEditionError: there is none of that number.
        """
        place = self._place(number)
        try:
            said = json.loads((place / "edition.json").read_text("utf-8"))
        except FileNotFoundError:
            known = ", ".join(map(str, self._numbers())) or "none"
            raise NoSuchEditionError(
                f"The guide of {self._town} has no edition {number}. There are: {known}."
            ) from None
        return Edition(number, place / "content", said["published_ms"])

    def _serve(self, number: int) -> Edition:
        replace_file(self._pointer, f"{number}\n")
        return self.edition(number)

    def _numbers(self) -> tuple[int, ...]:
        if not self._folder.is_dir():
            return ()
        return tuple(sorted(int(each.name) for each in self._folder.iterdir() if each.name.isdecimal()))

    def _place(self, number: int) -> Path:
        return self._folder / f"{number:06d}"

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Be the only one that publishes; what an earlier one left unfinished is taken away."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with held(self._folder / "lock"):
            for unfinished in self._folder.glob(f"{_UNFINISHED}*"):
                shutil.rmtree(unfinished)
            yield


def check_town(guide: Guide, town: str) -> None:
    """See that a guide is a town's.

    Raises:
        ContentError: it is another's.
    """
    if guide.town != town:
        raise ContentError(
            [Problem("guide.yaml", None, f"This is the guide of {guide.town}, not of {town}.")]
        )


def _copy(draft: Path, files: Iterable[Placed], new: Path, earlier: Path | None) -> None:
    """Copy a content folder; what is as in an earlier edition, which never changes, is that file itself."""
    for placed in files:
        source, target = draft / placed.path, new / placed.path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            if earlier is None or not _link_same(source, earlier / placed.path, target):
                shutil.copyfile(source, target)
        except FileNotFoundError:
            sentence = "The draft was changed while it was published. Publish it again."
            raise ContentError([Problem(str(placed.path), None, sentence)]) from None


def _link_same(source: Path, earlier: Path, target: Path) -> bool:
    """Make the target the earlier file itself, if that has the source's bytes and the disk knows links."""
    if not earlier.is_file() or not filecmp.cmp(source, earlier, shallow=False):
        return False
    try:
        os.link(earlier, target)
    except OSError:
        return False
    return True
