"""The office's pages as HTML: templates, their texts, and the headers that all of them carry."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from meguri_kit.pages.headers import CONTENT_SECURITY_POLICY
from meguri_kit.pages.languages import page_language, remember_language

from meguri_qrguide.content.ruby import without_readings
from meguri_qrguide.office.languages import OFFERED, html_language, name_of, short_name_of
from meguri_qrguide.office.wording import wording

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from meguri_qrguide.office.refusals import RefusedError

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": f"{CONTENT_SECURITY_POLICY}; frame-src 'self'; media-src 'self'",
    # With the stricter no-referrer a browser sends `Origin: null` with our own forms.
    "Referrer-Policy": "same-origin",
}


SAID = ("saved", "added", "removed", "moved", "published", "rolled_back", "begun")
"""What a page may say was done just now (`?said=`)."""


class Rendering:
    """Makes the pages.

    Args:
        static_version: of the files under `/office/static`.
    """

    def __init__(self, static_version: str) -> None:
        self._templates = Environment(
            loader=PackageLoader("meguri_qrguide", "templates/office"),
            autoescape=select_autoescape(["html"]),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters["plain"] = without_readings
        self._templates.globals.update(
            v=static_version, name_of=name_of, short_name_of=short_name_of, html_language=html_language
        )

    def page(
        self,
        request: Request,
        template: str,
        shared: Mapping[str, object] = MappingProxyType({}),
        *,
        status: int = 200,
        **values: object,
    ) -> HTMLResponse:
        """The template filled in, in the language that the reader chose."""
        language = page_language(request, OFFERED)
        t = wording(language)
        other = next(one for one in OFFERED if one != language)
        query = {**request.query_params, "lang": other}
        query.pop("said", None)
        values = {**shared, **values}
        refusal: RefusedError | None = values.pop("refusal", None)  # type: ignore[assignment]
        said = request.query_params.get("said")
        filled = {
            "town": None,
            "user": None,
            "csrf": "",
            "problems": (),
            "said": f"said_{said}" if request.method == "GET" and said in SAID else "",
            **values,
            "refused": t(refusal.key, **refusal.values) if refusal else "",
        }
        # After a refused form the address is that of a POST, which the switch cannot repeat.
        switch = f"?{urlencode(query)}" if request.method == "GET" else ""
        html = self._templates.get_template(template).render(
            t=t, language=language, other=other, switch=switch, **filled
        )
        response = HTMLResponse(html, status, HEADERS)
        remember_language(request, response, OFFERED)
        return response
