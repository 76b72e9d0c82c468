"""`meguri guide`: a town's guide as files, without the editor: check, export, import, publish, roll back."""

from __future__ import annotations

import json
import re
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meguri.asking import Json, control_socket
from meguri.errors import LocalRunError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meguri_qrguide.content.editions import Edition
    from meguri_qrguide.content.guide import Guide
    from meguri_qrguide.content.guides import Guides
    from meguri_qrguide.content.problems import ContentError, Problem

app = typer.Typer(
    no_args_is_help=True,
    help="A town's guide: check its files, export and import it as one zip, publish it, roll back. "
    "A guide that runs shows what is published at once.",
)

Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="The data folder; else that of the Meguri that runs here, else the demo's.",
        show_default=False,
        file_okay=False,
    ),
]


def _town_name(town: str | None) -> str | None:
    from meguri_qrguide.content.layout import NAME

    if town is not None and not re.fullmatch(NAME, town):
        raise typer.BadParameter("a town's name has a-z, 0-9 and hyphens")
    return town


TownName = Annotated[
    str, typer.Option("--town", help="The town's name, as its file says.", callback=_town_name)
]
Number = Annotated[int, typer.Option("--edition", min=1, help="The edition's number.")]


@app.command()
def check(
    folder: Annotated[
        Path | None, typer.Argument(help="A content folder, instead of a town's draft.", show_default=False)
    ] = None,
    *,
    town: Annotated[
        str | None,
        typer.Option(
            "--town", help="The town whose draft to check.", show_default=False, callback=_town_name
        ),
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Say what a guide holds, what is wrong with it by file and line, and what it lacks.

    Status 1 if it could not be published.
    """
    from meguri_qrguide.content.problems import ContentError
    from meguri_qrguide.content.reading import read_guide
    from meguri_qrguide.content.remarks import remarks

    if (folder is None) == (town is None):
        raise typer.BadParameter("name a folder or a --town")
    checked = folder if folder is not None else guides_in(data).draft(str(town))
    try:
        guide = read_guide(checked)
    except ContentError as error:
        if as_json:
            _print_json({"folder": str(checked), "errors": _listed(error.problems)})
            raise typer.Exit(1) from None
        raise _refused(f"The guide in {checked} cannot be published", error) from None
    lacking = remarks(guide)
    if as_json:
        _print_json({"folder": str(checked), **_contents(guide), "errors": [], "warnings": _listed(lacking)})
        return
    typer.echo(_sentence(guide))
    for each in lacking:
        typer.echo(f"Warning  {each}")
    typer.echo(f"No error, {len(lacking) or 'no'} warning{'s' * (len(lacking) != 1)}.")


@app.command(name="export")
def export_(
    town: TownName,
    out: Annotated[Path, typer.Option(help="The zip file to write.", dir_okay=False)],
    *,
    edition: Annotated[
        int | None,
        typer.Option(min=1, help="An edition that was published; else the draft.", show_default=False),
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Write a town's guide, as it is being edited or as it was published, to one zip file."""
    from shutil import copyfileobj

    from meguri_qrguide.content.archive import export_zip
    from meguri_qrguide.content.problems import ContentError

    guides = guides_in(data)
    folder = guides.draft(town) if edition is None else _edition(guides, town, edition).folder
    try:
        packed = export_zip(folder)
    except ContentError as error:
        raise _refused(f"The guide of {town} cannot be exported", error) from None
    try:
        with packed, out.open("wb") as file:
            copyfileobj(packed, file)
    except FileNotFoundError:
        raise LocalRunError(f"There is no folder {out.parent} to write {out.name} to.") from None
    size = out.stat().st_size
    if as_json:
        _print_json({"town": town, "edition": edition, "file": str(out), "bytes": size})
    else:
        what = "The draft" if edition is None else f"Edition {edition}"
        typer.echo(f"{what} of {town} is in {out} ({size / 1e6:.1f} MB).")


@app.command(name="import")
def import_(
    town: TownName,
    file: Annotated[
        Path, typer.Argument(help="A zip that `meguri guide export` wrote.", exists=True, dir_okay=False)
    ],
    *,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Put a zip's content in the place of a town's draft, whole or not at all. Visitors see no change yet."""
    from meguri_qrguide.content.archive import import_zip
    from meguri_qrguide.content.problems import ContentError
    from meguri_qrguide.content.reading import read_guide

    draft = guides_in(data).draft(town)
    try:
        with file.open("rb") as stream:
            import_zip(stream, draft, town)
    except ContentError as error:
        raise _refused(f"{file} cannot be imported; the draft of {town} stays as it was", error) from None
    guide = read_guide(draft)
    if as_json:
        _print_json({"folder": str(draft), **_contents(guide)})
    else:
        typer.echo(f"{_sentence(guide)} It is the draft now; visitors see it after `meguri guide publish`.")


@app.command()
def publish(town: TownName, *, data: Data = None, as_json: Json = False) -> None:
    """Publish a town's draft as the next edition: phones pick it up at their next opening with signal."""
    from meguri_qrguide.content.problems import ContentError

    guides = guides_in(data)
    try:
        edition = guides.editions(town).publish(guides.draft(town), time.time_ns() // 1_000_000)
    except ContentError as error:
        raise _refused(f"The draft of {town} cannot be published; what visitors see stays", error) from None
    if as_json:
        _print_json({"town": town, **_facts(edition, edition)})
    else:
        typer.echo(f"Visitors of {town} see edition {edition.number} now.")


@app.command()
def roll_back(town: TownName, edition: Number, *, data: Data = None, as_json: Json = False) -> None:
    """Show visitors an edition that was published before, or after. The draft stays as it is."""
    guides = guides_in(data)
    _edition(guides, town, edition)
    served = guides.editions(town).roll_back(edition)
    if as_json:
        _print_json({"town": town, **_facts(served, served)})
    else:
        typer.echo(f"Visitors of {town} see edition {edition} now, published {_time(served)}.")


@app.command()
def editions(town: TownName, *, data: Data = None, as_json: Json = False) -> None:
    """List what was published of a town's guide, the newest first."""
    of_town = guides_in(data).editions(town)
    served = of_town.current()
    published = of_town.list()
    if as_json:
        _print_json({"town": town, "editions": [_facts(each, served) for each in published]})
        return
    if not published:
        typer.echo(f"Nothing of the guide of {town} was published.")
    for each in published:
        mark = "  that visitors see" if each == served else ""
        typer.echo(f"edition {each.number}, published {_time(each)}{mark}")


def guides_in(data: Path | None) -> Guides:
    """The guides of a data folder that is there.

    Raises:
        LocalRunError: it is not.
    """
    from meguri_qrguide.content.guides import Guides

    from meguri.data_folder import DataFolder

    folder = DataFolder(data if data is not None else control_socket(None).parent)
    if not folder.path.is_dir():
        raise LocalRunError(f"There is no data folder {folder.path}. Name the one that you use with --data.")
    return Guides(folder.guides)


def _edition(guides: Guides, town: str, number: int) -> Edition:
    from meguri_qrguide.content.editions import NoSuchEditionError

    try:
        return guides.editions(town).edition(number)
    except NoSuchEditionError as error:
        raise LocalRunError(str(error)) from None


def _contents(guide: Guide) -> dict[str, Any]:
    """What a guide holds, for a program to read."""
    return {
        "town": guide.town,
        "languages": list(guide.languages),
        "source": guide.source,
        "sights": {
            str(sight.number): {
                "texts": {each: guide.state_of(sight, each).value for each in guide.languages},
                "sounds": list(sight.sounds),
                "pictures": [each.name for each in sight.pictures],
                "video": sight.video is not None,
            }
            for sight in guide.sights
        },
        "questions": [each.id for each in guide.survey.questions],
    }


def _sentence(guide: Guide) -> str:
    media = [each.media for sight in guide.sights for each in sight.sounds.values()]
    pictures = [each for sight in guide.sights for picture in sight.pictures for each in picture.files]
    videos = [sight.video.media for sight in guide.sights if sight.video]
    size = sum(each.size for each in (*media, *pictures, *videos)) / 1e6
    return (
        f"The guide of {guide.town} has {len(guide.sights)} sights in {len(guide.languages)} languages, "
        f"{len(guide.survey.questions)} questions, {len(media)} sounds, {len(pictures)} files of pictures "
        f"and {len(videos)} videos: {size:.1f} MB."
    )


def _refused(what: str, error: ContentError) -> LocalRunError:
    return LocalRunError(f"{what}:\n" + "\n".join(f"  {each}" for each in error.problems))


def _listed(problems: Sequence[Problem]) -> list[dict[str, Any]]:
    return [{"file": each.path, "line": each.line, "sentence": each.sentence} for each in problems]


def _facts(edition: Edition, served: Edition | None) -> dict[str, Any]:
    return {
        "edition": edition.number,
        "published_ms": edition.published_ms,
        "is_served": edition == served,
        "folder": str(edition.folder),
    }


def _time(edition: Edition) -> str:
    """When it was published, in this machine's time zone."""
    at = datetime.fromtimestamp(edition.published_ms / 1000, UTC).astimezone()
    return at.isoformat(" ", "minutes")


def _print_json(value: dict[str, Any]) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False))
