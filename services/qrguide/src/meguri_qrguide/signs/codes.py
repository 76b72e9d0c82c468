"""QR codes as drawings: of addresses, and of Wi-Fi networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import qrcode  # type: ignore[import-untyped]  # it ships no types

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meguri_qrguide.content.guide import Wifi

QUIET_ZONE = 4
"""Modules of white around a code, as ISO/IEC 18004 asks for."""


def code_svg(text: str) -> str:
    """The QR code of a text as SVG, one unit a module, its quiet zone around it.

    Error correction is Q: a quarter of the code may be scratched or wet. Edges are marked as crisp, so that
    renderers leave no hair lines between modules.
    """
    code = qrcode.QRCode(error_correction=qrcode.constants.ERROR_CORRECT_Q, border=0)
    code.add_data(text)
    code.make()
    modules: list[list[bool]] = code.get_matrix()
    size = len(modules) + 2 * QUIET_ZONE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" shape-rendering="crispEdges">'
        f'<rect width="{size}" height="{size}" fill="#fff"/><path d="{_runs(modules)}"/></svg>'
    )


def _runs(modules: Sequence[Sequence[bool]]) -> str:
    """A path of the dark modules: a rectangle for each run of them in a row."""
    path = []
    for y, row in enumerate(modules):
        x = 0
        while x < len(row):
            begin = x
            while x < len(row) and row[x]:
                x += 1
            if x > begin:
                path.append(f"M{begin + QUIET_ZONE} {y + QUIET_ZONE}h{x - begin}v1h{begin - x}z")
            x += 1
    return "".join(path)


def wifi_text(wifi: Wifi) -> str:
    r"""What a phone's camera takes for a network to join, `WIFI:T:WPA;S:name;P:password;;`.

    The form is ZXing's, which iOS and Android read: `\`, `;`, `,`, `:` and `"` stand behind a backslash, and
    a network without a password says `nopass`. `WPA` covers WPA2 and WPA3.
    """
    if not wifi.password:
        return f"WIFI:T:nopass;S:{_escaped(wifi.name)};;"
    return f"WIFI:T:WPA;S:{_escaped(wifi.name)};P:{_escaped(wifi.password)};;"


def _escaped(text: str) -> str:
    return "".join(f"\\{each}" if each in '\\;,:"' else each for each in text)
