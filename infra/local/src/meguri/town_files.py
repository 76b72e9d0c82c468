"""Town files as the command line is given them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meguri_proto.towns import Town, TownFileError, parse_town

from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def read_town_files(files: Sequence[Path]) -> dict[str, Town]:
    """Their towns by name.

    Raises:
        LocalRunError: a file cannot be read or is wrong, or two are of one town.
    """
    towns: dict[str, Town] = {}
    for file in files:
        town = read_town_file(file)
        if town.town in towns:
            raise LocalRunError(f"{file}: {town.town} is another file's town already.")
        towns[town.town] = town
    return towns


def read_town_file(file: Path) -> Town:
    """Its town.

    Raises:
        LocalRunError: the file cannot be read or is wrong.
    """
    try:
        return parse_town(file.read_text("utf-8"), str(file))
    except TownFileError as error:
        raise LocalRunError(f"{error}.") from error
    except OSError as error:
        raise LocalRunError(f"The town file {file} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise LocalRunError(f"The town file {file} is not written in UTF-8.") from error
