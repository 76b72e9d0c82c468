"""`guide.yaml` and `survey.yaml` as text, from what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_qrguide.content.guide import Question, Survey
    from meguri_qrguide.content.guide_file import GuideFile


def guide_text(guide: GuideFile) -> str:
    """The file's text, which `parse_guide_file` reads as the same."""
    said: dict[str, object] = {
        "town": guide.town,
        "languages": list(guide.languages),
        "source": guide.source,
        "title": dict(guide.titles),
        "sights": list(guide.sights),
        "map": guide.map,
        "notice": {part: dict(texts) for part, texts in guide.notice.items()},
        "coupon": dict(guide.coupon),
    }
    if guide.wifi is not None:
        said["wifi"] = _said({"name": guide.wifi.name, "password": guide.wifi.password})
    return _yaml(_said(said))


def survey_text(survey: Survey) -> str:
    """The file's text, which `parse_survey_file` reads as the same."""
    return _yaml({"version": survey.version, "questions": [_question(each) for each in survey.questions]})


def _question(question: Question) -> dict[str, object]:
    said: dict[str, object] = {
        "id": question.id,
        "kind": question.kind.value,
        "text": dict(question.texts),
        "choices": [{"id": each.id, "text": dict(each.texts)} for each in question.choices],
    }
    if question.highest:
        said |= {"lowest": question.lowest, "highest": question.highest}
    said |= {
        "lowest_text": dict(question.lowest_texts or {}),
        "highest_text": dict(question.highest_texts or {}),
        "unit": dict(question.unit_texts or {}),
    }
    return {name: value for name, value in said.items() if value or name in ("lowest", "highest")}


def _said(values: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value}


def _yaml(value: object) -> str:
    return yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=10_000)
