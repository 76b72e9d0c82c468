"""Figures and Latin letters as Thai says them."""

from __future__ import annotations

import re

_DIGITS = ("ศูนย์", "หนึ่ง", "สอง", "สาม", "สี่", "ห้า", "หก", "เจ็ด", "แปด", "เก้า")
_PLACES = ("", "สิบ", "ร้อย", "พัน", "หมื่น", "แสน")
_MILLION = "ล้าน"
_POINT = "จุด"
_LONGEST = 12
"""Digits. What is longer is a telephone's number or the like, and is said digit by digit."""
_NUMBER = re.compile(r"([0-9]+(?:,[0-9]{3})*)(?:\.([0-9]+))?")
_LETTERS = {
    "a": "เอ",
    "b": "บี",
    "c": "ซี",
    "d": "ดี",
    "e": "อี",
    "f": "เอฟ",
    "g": "จี",
    "h": "เอช",
    "i": "ไอ",
    "j": "เจ",
    "k": "เค",
    "l": "แอล",
    "m": "เอ็ม",
    "n": "เอ็น",
    "o": "โอ",
    "p": "พี",
    "q": "คิว",
    "r": "อาร์",
    "s": "เอส",
    "t": "ที",
    "u": "ยู",
    "v": "วี",
    "w": "ดับเบิลยู",
    "x": "เอกซ์",
    "y": "วาย",
    "z": "แซด",
}
_LATIN = re.compile("[a-z]", re.IGNORECASE)
_SIGNS = {"%": "เปอร์เซ็นต์", "&": "และ", "+": "บวก", "=": "เท่ากับ", "°": "องศา"}
_SIGN = re.compile("[%&+=°]")
_TO_ASCII = {0x0E50 + digit: ord("0") + digit for digit in range(10)}


def in_letters(text: str) -> str:
    """The text with its figures, Latin letters and signs written as what they are called in Thai."""
    text = _NUMBER.sub(_number, text.translate(_TO_ASCII))
    text = _SIGN.sub(lambda found: f" {_SIGNS[found[0]]} ", text)
    return _LATIN.sub(lambda found: f" {_LETTERS[found[0].lower()]} ", text)


def cardinal(number: int) -> str:
    """A number from 0, in words."""
    if number == 0:
        return _DIGITS[0]
    millions, rest = divmod(number, 1_000_000)
    said = cardinal(millions) + _MILLION if millions else ""
    for place in range(5, -1, -1):
        digit = rest // 10**place % 10
        if place == 1 and digit == 1:
            said += "สิบ"
        elif place == 1 and digit == 2:  # noqa: PLR2004  twenty is irregular
            said += "ยี่สิบ"
        elif place == 0 and digit == 1 and number > 1:
            said += "เอ็ด"
        elif digit:
            said += _DIGITS[digit] + _PLACES[place]
    return said


def _number(found: re.Match[str]) -> str:
    whole = found[1].replace(",", "")
    said = _one_by_one(whole) if len(whole) > _LONGEST or whole != str(int(whole)) else cardinal(int(whole))
    if found[2]:
        said += _POINT + _one_by_one(found[2])
    return f" {said} "


def _one_by_one(digits: str) -> str:
    return "".join(_DIGITS[int(digit)] for digit in digits)
