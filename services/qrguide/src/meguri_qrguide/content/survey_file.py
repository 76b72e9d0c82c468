"""The survey's file, `survey.yaml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meguri_qrguide.content.guide import Choice, Question, QuestionKind, Survey
from meguri_qrguide.content.guide_file import texts_with_source
from meguri_qrguide.content.yaml_values import YamlValues

if TYPE_CHECKING:
    from collections.abc import Mapping

    import yaml

PATH = "survey.yaml"
ID = "[a-z0-9_-]{1,64}"
"""Of a question or choice, as the contract's answers have it."""
LONGEST_ANSWER = 64
"""Characters of the ids of all of a question's choices, joined by commas: one answer holds them."""
LARGEST_NUMBER = 999_999_999
MOST_STEPS = 10
"""Of a scale: each is a button."""

_WITH_CHOICES = (QuestionKind.CHOICE, QuestionKind.CHOICES)
_FIELDS = {
    QuestionKind.CHOICE: (("choices",), ()),
    QuestionKind.CHOICES: (("choices",), ()),
    QuestionKind.SCALE: (("lowest", "highest"), ("lowest_text", "highest_text")),
    QuestionKind.NUMBER: (("lowest", "highest"), ("unit",)),
    QuestionKind.TEXT: ((), ()),
}
"""What a question has beside id, kind and text: required and optional."""


def parse_survey_file(text: str, languages: tuple[str, ...], source: str) -> Survey:
    """The survey that the file's text describes, in languages of the guide.

    Raises:
        ContentError: it lacks something, or has something unknown.
    """
    reader = _Survey(YamlValues(PATH), languages, source)
    return reader.survey(text)


class _Survey:
    def __init__(self, values: YamlValues, languages: tuple[str, ...], source: str) -> None:
        self._values = values
        self._languages = languages
        self._source = source

    def survey(self, text: str) -> Survey:
        fields = self._values.fields(self._values.mapping_of(text), ("version", "questions"))
        questions: dict[str, Question] = {}
        for node in self._values.items(fields["questions"]):
            question = self._question(node)
            if question.id in questions:
                raise self._values.error(node, f"The question {question.id} is there twice.")
            questions[question.id] = question
        version = self._values.integer(fields["version"], 1, LARGEST_NUMBER)
        return Survey(version, tuple(questions.values()))

    def _question(self, node: yaml.Node) -> Question:
        values = self._values
        every = {name for fields in _FIELDS.values() for names in fields for name in names}
        kind_node = values.fields(node, ("id", "kind", "text"), sorted(every))["kind"]
        kind = QuestionKind(values.one_of(kind_node, [each.value for each in QuestionKind]))
        required, optional = _FIELDS[kind]
        fields = values.fields(node, ("id", "kind", "text", *required), optional)
        lowest = values.integer(fields["lowest"], 0, LARGEST_NUMBER - 1) if "lowest" in fields else 0
        most = LARGEST_NUMBER if kind is QuestionKind.NUMBER else lowest + MOST_STEPS - 1
        return Question(
            id=self._id(fields["id"]),
            kind=kind,
            texts=self._texts(fields["text"]),
            choices=self._choices(fields["choices"], kind) if kind in _WITH_CHOICES else (),
            lowest=lowest,
            highest=values.integer(fields["highest"], lowest + 1, most) if "highest" in fields else 0,
            lowest_texts=self._optional_texts(fields, "lowest_text"),
            highest_texts=self._optional_texts(fields, "highest_text"),
            unit_texts=self._optional_texts(fields, "unit"),
        )

    def _choices(self, node: yaml.Node, kind: QuestionKind) -> tuple[Choice, ...]:
        found: dict[str, Choice] = {}
        for item in self._values.items(node):
            fields = self._values.fields(item, ("id", "text"))
            choice = Choice(self._id(fields["id"]), self._texts(fields["text"]))
            if choice.id in found:
                raise self._values.error(item, f"The choice {choice.id} is there twice.")
            found[choice.id] = choice
        if not found:
            raise self._values.error(node, "A question of this kind needs choices.")
        if kind is QuestionKind.CHOICES and len(",".join(found)) > LONGEST_ANSWER:
            raise self._values.error(
                node,
                f"The ids of all choices, joined by commas, have more than {LONGEST_ANSWER} characters, and "
                "one answer may hold them all. Shorten the ids.",
            )
        return tuple(found.values())

    def _id(self, node: yaml.Node) -> str:
        return self._values.matching(node, ID, "an id of a-z, 0-9, _ and -")

    def _texts(self, node: yaml.Node) -> dict[str, str]:
        return texts_with_source(self._values, node, self._languages, self._source)

    def _optional_texts(self, fields: Mapping[str, yaml.Node], name: str) -> dict[str, str]:
        return self._texts(fields[name]) if name in fields else {}
