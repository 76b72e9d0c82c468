"""What leads to a person is masked in what visitors write, before anything is kept of it."""

from __future__ import annotations

import re
import unicodedata

MAIL = "[mail]"
PHONE = "[phone]"
URL = "[url]"
LONGEST = 500
"""Characters, as written and as kept."""

_UNSEEN = frozenset(("Cc", "Cf", "Co", "Cs", "Cn"))
"""Categories of characters that show nothing; they could stand between the digits of a number."""
_MAIL = re.compile(r"[!-?A-~]*@[!-?A-~]*")
"""Everything in ASCII around an @, without a space: addresses, and names on social networks."""
_URL = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}://|www\.)[!-~]*"
    r"|(?:[a-z0-9-]+\.)+[a-z]{2,24}/[!-~]*"
    r"|(?:[a-z0-9-]+\.)+(?:com|net|org|info|biz|app|dev|page|shop|jp|kr|cn|tw|hk|th|vn|fr|uk|de|us|me|io|co|ly|gl|be)"
    r"(?![a-z0-9])",
    re.IGNORECASE,
)
_PHONE = re.compile(r"[+(]{0,2}\d(?:[\s().,/\u30fb_\u2010-\u2015\u2212\u30fc~-]{0,3}\d){7,}")
"""Eight digits or more, as near each other as in a number, whatever dash is between them."""


def masked(text: str) -> str:
    """The text without mail addresses, phone numbers and addresses of pages; each is replaced by its kind.

    Letters, digits and signs that are ASCII in another width become ASCII, characters that show nothing are
    left out, and what is longer than `LONGEST` then is cut. A date written in eight digits is masked as well:
    rather too much than a number.
    """
    plain = "".join(map(_plain, text))
    for kind, pattern in ((MAIL, _MAIL), (URL, _URL), (PHONE, _PHONE)):
        plain = pattern.sub(kind, plain)
    return " ".join(plain.split())[:LONGEST].rstrip()


def _plain(character: str) -> str:
    if character.isspace():
        return " "
    if unicodedata.category(character) in _UNSEEN:
        return ""
    # Of one character each: composing and decomposing would change how Thai and Korean are written.
    usual = unicodedata.normalize("NFKC", character)
    return usual if len(usual) == 1 and usual.isascii() else character
