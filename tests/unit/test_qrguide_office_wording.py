"""The office's texts: the same in both languages, each used, each reachable."""

import re
from pathlib import Path

import meguri_qrguide
import pytest
from meguri_qrguide.content.guide import NOTICE_PARTS, QuestionKind, State
from meguri_qrguide.office.changes import _KEYS
from meguri_qrguide.office.differences import differences
from meguri_qrguide.office.jobs import JobState
from meguri_qrguide.office.languages import OFFERED
from meguri_qrguide.office.rendering import SAID
from meguri_qrguide.office.wording import wording

PACKAGE = Path(meguri_qrguide.__file__).parent
SOURCES = "".join(
    path.read_text("utf-8")
    for path in (
        *(PACKAGE / "office").glob("*.py"),
        *(PACKAGE / "signs").glob("*.py"),
        *(PACKAGE / "templates/office").glob("*.html"),
    )
)
MADE = {
    *(f"state_{each}" for each in State),
    *(f"kind_{each}" for each in QuestionKind),
    *(f"job_{each}" for each in JobState if each in ("waiting", "running")),
    *(f"field_{each}" for each in ("title", "coupon", *(f"notice-{part}" for part in NOTICE_PARTS))),
    *(f"said_{each}" for each in SAID),
    *(f"change_{each}" for each in ("new", "changed", "gone")),
    *(f"page_{each}" for each in "gxqno"),
    *(f"tab_{each}" for each in ("sights", "guide", "survey", "preview", "publish", "transfer")),
    *(
        f"note_{each}"
        for each in ("too_long", "no_sound", "older_sound", "machine_sound", "no_alt", "no_subtitles")
    ),
    *(f"signs_paper_{each}" for each in ("a4", "a6", "stickers")),
    *_KEYS.values(),
}
"""Keys that the code puts together."""


def test_both_languages_have_the_same_texts_with_the_same_values():
    one, other = map(wording, OFFERED)
    assert one.keys == other.keys
    for key in one.keys:
        values = [sorted(re.findall(r"\{(\w+)\}", each._texts[key])) for each in (one, other)]
        assert values[0] == values[1], key


def test_every_text_is_used_and_every_text_used_is_there():
    keys = wording("en").keys
    named = set(re.findall(r"\bt\(\s*\"([a-z_]+)\"[,)]", SOURCES))
    named |= set(re.findall(r"\"((?:refused|job|made_by)_[a-z_]+)\"", SOURCES)) - {"job_state"}
    assert (named | MADE) - keys == set()
    assert {key for key in keys - MADE if f'"{key}"' not in SOURCES} == set()


@pytest.mark.parametrize(
    ("before", "now", "pieces"),
    [
        ("同じ文。", "同じ文。", [("same", "同じ文。")]),
        ("深い洞くつ。", "深くて暗い洞くつ。", None),
        (
            "A dark cave.",
            "A bright cave.",
            [("same", "A "), ("gone", "dark"), ("new", "bright"), ("same", " cave.")],
        ),
        ("", "new", [("new", "new")]),
        ("gone", "", [("gone", "gone")]),
    ],
)
def test_what_changed_puts_both_texts_back_together(before, now, pieces):
    found = differences(before, now)
    assert "".join(each.text for each in found if each.kind != "new") == before
    assert "".join(each.text for each in found if each.kind != "gone") == now
    if pieces is not None:
        assert [(each.kind, each.text) for each in found] == pieces
