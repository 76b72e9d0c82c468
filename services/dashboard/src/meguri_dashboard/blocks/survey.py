"""What visitors answered to the guide's survey, question by question, and what they wrote."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from meguri_dashboard.blocks.block import Block, Table
from meguri_dashboard.days import whole
from meguri_dashboard.measures import Measure
from meguri_dashboard.suppression import FEWER, Count, publish, total

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from meguri_kit.clickhouse.store import Store

    from meguri_dashboard.asked import Asked
    from meguri_dashboard.wording import Wording

_QUESTIONS: Final = frozenset(
    ("origin", "party", "nights", "transport", "spending", "satisfaction", "again", "remarks")
)
"""Questions of the surveys that ship, which have a name in every language of the pages."""
_CHOICES: Final = frozenset(
    (
        *("prefecture", "japan", "taiwan", "korea", "china", "hongkong", "thailand", "vietnam", "asia"),
        *("europe", "americas", "oceania", "other", "car", "bus", "coach", "train", "taxi", "bicycle"),
        *("yes", "perhaps", "no"),
    )
)
_LEAST_RANGE = 100
"""Numbers from here on are ranges, from 1, 2 or 5 times a power of ten to the next."""
_MOST_TEXTS = 200


@dataclass(frozen=True)
class SurveyFigures:
    """Answers as they may be shown; questions and choices the most answered first."""

    asked: Asked
    sheets: Mapping[str, Count]
    """That answered the question."""
    choices: Mapping[str, Mapping[str, Count]]
    """Of each question, sheets by choice; numbers in their order."""
    texts: Mapping[str, tuple[str, ...]]
    """Of each question, where so many wrote something that none of it leads to one of few."""

    def block(self, words: Wording) -> Block:
        """The figures in the language of `words`."""
        title, step = words.text("survey.title"), self.asked.step
        definition = (
            words.text("survey.definition"),
            words.text("survey.definition_texts", step=step),
            words.text("insights.suppressed", step=step),
        )
        shown = [question for question, sheets in self.sheets.items() if sheets.shown is not None]
        if not shown and not self.texts:
            empty = (words.text("survey.empty_title"), words.text("survey.empty", step=step))
            return Block("survey", title, definition, empty=empty)
        most = total(self.sheets[question] for question in shown[:1])
        return Block(
            name="survey",
            title=title,
            definition=definition,
            sentences=(words.text("survey.sheets", sheets=words.count(most)),) if shown else (),
            tables=(
                *(self._question(question, words) for question in shown),
                *(self._texts(question, words) for question in self.texts),
            ),
        )

    def measures(self, words: Wording) -> Iterator[Measure]:
        """Sheets by choice of every question, and what was written."""
        title = words.text("survey.title")
        for question, sheets in self.sheets.items():
            name = _question(question, words)
            yield Measure(title, name, words.text("survey.column_sheets"), sheets.shown)
            for choice, count in self.choices.get(question, {}).items():
                yield Measure(title, name, _choice(choice, words), count.shown)
        for question, texts in self.texts.items():
            for text in texts:
                yield Measure(title, _question(question, words), words.text("survey.column_text"), text)

    def _question(self, question: str, words: Wording) -> Table:
        of = self.sheets[question]
        return Table(
            title=_question(question, words),
            head=tuple(words.text(f"survey.column_{name}") for name in ("choice", "sheets", "share")),
            rows=tuple(
                (_choice(choice, words), words.count(count), _share(count, of, words))
                for choice, count in self.choices[question].items()
            ),
            foot=(words.text("survey.row_all"), words.count(of), ""),
        )

    def _texts(self, question: str, words: Wording) -> Table:
        return Table(
            title=words.text("survey.texts", question=_question(question, words)),
            head=(words.text("survey.column_text"),),
            rows=tuple((text,) for text in self.texts[question]),
        )


def read(store: Store, asked: Asked) -> SurveyFigures:
    """Answers of the period. Raises StoreError."""
    units: dict[str, dict[str, list[Count]]] = defaultdict(lambda: defaultdict(list))
    for row in store.query("meguri_dashboard/survey_choices", asked.of_units()):
        behind = whole(row["sheets"])
        units[str(row["question"])][str(row["choice"])].append(publish(behind, behind, asked.step))
    answered = {
        question: {choice: total(counts) for choice, counts in sorted(choices.items(), key=_by_number)}
        for question, choices in sorted(units.items())
    }
    sheets = {question: choices.pop("", FEWER) for question, choices in answered.items()}
    order = sorted(sheets, key=lambda question: -(sheets[question].shown or 0))
    return SurveyFigures(
        asked=asked,
        sheets={question: sheets[question] for question in order},
        choices={question: answered[question] for question in order},
        texts=_texts(store, asked),
    )


def _texts(store: Store, asked: Asked) -> dict[str, tuple[str, ...]]:
    """Of units in which enough visitors wrote something, by the alphabet, the same words once."""
    rows = store.query("meguri_dashboard/survey_texts", asked.of_units())
    written = Counter((row["unit"], row["question"]) for row in rows)
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if written[row["unit"], row["question"]] >= asked.step:
            found[str(row["question"])].append(str(row["free_text"]))
    return {question: tuple(sorted(set(texts))[:_MOST_TEXTS]) for question, texts in sorted(found.items())}


def _by_number(choice: tuple[str, object]) -> tuple[int, str]:
    return (int(choice[0]) if choice[0].isdecimal() else 0, choice[0])


def _question(question: str, words: Wording) -> str:
    return words.text(f"survey.question_{question}") if question in _QUESTIONS else question


def _choice(choice: str, words: Wording) -> str:
    if choice.isdecimal() and int(choice) >= _LEAST_RANGE:
        first = int(choice)
        last = first * 5 // 2 - 1 if choice.startswith("2") else 2 * first - 1
        return words.text("survey.from_to", first=words.number(first), last=words.number(last))
    return words.text(f"survey.choice_{choice}") if choice in _CHOICES else choice


def _share(count: Count, of: Count, words: Wording) -> str:
    if count.shown is None or not of.shown:
        return words.text("insights.dash")
    return words.text("insights.percent", percent=min(100, round(100 * count.shown / of.shown)))
