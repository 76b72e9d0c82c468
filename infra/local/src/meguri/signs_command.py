"""`meguri guide signs`: the signs of a town's guide, as PDF files to print."""

from __future__ import annotations

import json
from pathlib import Path  # noqa: TC003  typer reads the annotations when the command runs
from typing import TYPE_CHECKING, Annotated

import typer

from meguri.asking import Json, TownName  # noqa: TC001  typer reads them
from meguri.errors import LocalRunError
from meguri.guide_command import Data, guides_in

if TYPE_CHECKING:
    from meguri_qrguide.content.guide import Guide


def signs(  # noqa: PLR0913  a command has as many arguments as options
    town: TownName,
    public_url: Annotated[
        str,
        typer.Option(
            help="Where visitors reach the guide, such as https://guide.example. It stands in the codes: it "
            "is to stay as long as the signs hang."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The folder to write to.", file_okay=False)],
    *,
    language: Annotated[
        list[str] | None,
        typer.Option(
            help="Of the sentences, such as ja; up to three times. English is added as the last. Else the "
            "guide's first three.",
            show_default=False,
        ),
    ] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Write the signs of a town's guide: entrance, every sight and exit on A4, on A6, and as stickers."""
    from meguri_kit.npm_build import NpmBuildError
    from meguri_qrguide.signs.sign import SignError, all_signs
    from meguri_qrguide.signs.typesetting import Paper, signs_pdf

    guide = _served(town, data)
    written = []
    try:
        made = all_signs(guide, public_url, language or ())
        out.mkdir(parents=True, exist_ok=True)
        for paper in Paper:
            file = out / f"{town}-signs-{paper.value}.pdf"
            file.write_bytes(signs_pdf(made, paper, f"{guide.titles[guide.source]}: {town}"))
            written.append(file)
    except (SignError, NpmBuildError) as error:
        raise LocalRunError(str(error)) from error
    except OSError as error:
        raise LocalRunError(f"The signs cannot be written to {error.filename}: {error.strerror}.") from error
    if as_json:
        typer.echo(json.dumps({"town": town, "signs": len(made), "files": [str(each) for each in written]}))
        return
    for each in written:
        typer.echo(str(each))
    typer.echo(f"{len(made)} signs of {town}: entrance, {len(guide.sights)} sights, exit.", err=True)


def _served(town: str, data: Path | None) -> Guide:
    """The guide that visitors see, since a code is to open something.

    Raises:
        LocalRunError: nothing was published.
    """
    edition = guides_in(data).current(town)
    if edition is None:
        raise LocalRunError(
            f"Nothing of the guide of {town} was published, so that a code would lead nowhere: run `meguri "
            f"guide publish --town {town}` first."
        )
    return edition.guide
