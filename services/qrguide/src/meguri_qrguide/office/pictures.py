"""Uploaded pictures as phones get them: WebP and AVIF, small enough, without what cameras write into them."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from meguri_qrguide.content.layout import FileKind
from meguri_qrguide.office.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST_SIDE = 1_600
"""Pixels: more than any phone shows across."""
MOST_PIXELS = 100_000_000
"""Of what is uploaded; larger ones fill the memory of a small machine."""
_READ = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF", "BMP")
_WRITTEN = (("webp", "WEBP", FileKind.WEBP, 80), ("avif", "AVIF", FileKind.AVIF, 60))
_LOWEST_QUALITY = 20


def phone_pictures(uploaded: IO[bytes], progress: Callable[[float], None]) -> dict[str, bytes]:
    """The picture in every format that phones are offered, by the file name's suffix.

    Turned as the camera was held, in sRGB, and with nothing but the picture: no place, time or camera.

    Raises:
        RefusedError: it is no picture that can be read, or too large.
    """
    picture = _opened(uploaded)
    progress(0.2)
    made = {}
    for number, (suffix, form, kind, quality) in enumerate(_WRITTEN, 1):
        made[suffix] = _written(picture, form, kind.value.most_bytes, quality)
        progress(0.2 + 0.8 * number / len(_WRITTEN))
    return made


def _opened(uploaded: IO[bytes]) -> Image.Image:
    try:
        with Image.open(uploaded, formats=_READ) as found:
            if found.width * found.height > MOST_PIXELS:
                raise RefusedError("refused_picture_pixels", most=MOST_PIXELS // 1_000_000)
            found.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))  # a JPEG is decoded no larger than needed
            turned = ImageOps.exif_transpose(found)
            turned.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
            return _in_srgb(turned, found.info.get("icc_profile"))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError):
        raise RefusedError("refused_picture") from None


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    plain = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    if profile and picture.mode == "RGB":
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            converted = ImageCms.profileToProfile(
                picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError):
            return plain  # a damaged profile: the colours as they are
        return converted or plain
    return plain


def _written(picture: Image.Image, form: str, most_bytes: int, quality: int) -> bytes:
    """As good and as large as fits into so many bytes."""
    plain = Image.new(picture.mode, picture.size)
    plain.paste(picture)  # the pixels alone, without what the original carried beside them
    for each in range(quality, _LOWEST_QUALITY, -20):
        file = io.BytesIO()
        plain.save(file, form, quality=each)
        if file.tell() <= most_bytes:
            return file.getvalue()
    return _written(plain.reduce(2), form, most_bytes, quality)
