"""What a guide that can be published still lacks: nothing of it keeps a visitor from using the guide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meguri_qrguide.content.guide import State
from meguri_qrguide.content.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from meguri_qrguide.content.guide import Guide, Sight

_TOWNS_OWN = ("operator", "contact")
"""Parts of the notice that nobody but the town can write."""


def remarks(guide: Guide) -> list[Problem]:
    """What is missing or older than what it stands for, by the file that would mend it."""
    return sorted(
        [each for sight in guide.sights for each in _of_sight(guide, sight)]
        + list(_of_survey(guide))
        + list(_of_guide(guide))
    )


def _of_sight(guide: Guide, sight: Sight) -> Iterator[Problem]:
    folder = f"sights/{sight.number}"
    for language in guide.languages:
        path = f"{folder}/{language}.md"
        text = sight.texts.get(language)
        if text is None:
            yield Problem(path, None, "This text is missing.")
            continue
        if not text.body_html:
            yield Problem(path, None, "This text has a title and a lead alone.")
        if guide.state_of(sight, language) is State.OLDER:
            source = sight.texts[guide.source].digest
            sentence = f"This text is older than its source, which is {source} (translated_from)."
            yield Problem(path, None, sentence)
        for picture in sight.pictures:
            if language not in picture.alt:
                yield Problem(path, None, f"The picture {picture.name} has no alternative text.")
        sound = sight.sounds.get(language)
        if sound is None:
            yield Problem(f"{folder}/sound.{language}.m4a", None, "This sound is missing.")
        elif sound.says and sound.says != text.digest:
            yield Problem(str(sound.media.path), None, "This sound says an older text.")
    if sight.video and guide.source not in sight.video.subtitles:
        yield Problem(f"{folder}/video.{guide.source}.vtt", None, "The video has no subtitles.")


def _of_survey(guide: Guide) -> Iterator[Problem]:
    for question in guide.survey.questions:
        of_ends = (question.lowest_texts, question.highest_texts, question.unit_texts)
        asked = [question.texts, *(each.texts for each in question.choices), *filter(None, of_ends)]
        for language in _lacking(guide, *asked):
            yield Problem("survey.yaml", None, f"The question {question.id} is not whole in {language}.")


def _of_guide(guide: Guide) -> Iterator[Problem]:
    for part in _TOWNS_OWN:
        if part not in guide.notice:
            yield Problem("guide.yaml", None, f"The notice does not name its {part}.")
    named = {"title": guide.titles, **{f"notice's {part}": texts for part, texts in guide.notice.items()}}
    if guide.coupon:
        named["coupon"] = guide.coupon
    for name, texts in named.items():
        for language in _lacking(guide, texts):
            yield Problem("guide.yaml", None, f"The {name} is missing in {language}.")


def _lacking(guide: Guide, *texts: Collection[str]) -> list[str]:
    """Languages of the guide that one of these lacks."""
    return [language for language in guide.languages if any(language not in each for each in texts)]
