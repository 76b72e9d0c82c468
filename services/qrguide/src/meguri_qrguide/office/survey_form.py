"""The survey's questions: their texts by language, their choices, their order."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from meguri_qrguide.content.guide import Choice, Question, QuestionKind, Survey
from meguri_qrguide.content.problems import ContentError
from meguri_qrguide.office.desks import language_of
from meguri_qrguide.office.guide_writing import survey_text
from meguri_qrguide.office.refusals import RefusedError
from meguri_qrguide.office.screens import go
from meguri_qrguide.office.sights import TOWN

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from fastapi import Response
    from starlette.requests import Request

    from meguri_qrguide.office.desks import Desk, Desks, Form
    from meguri_qrguide.office.rendering import Rendering
    from meguri_qrguide.office.screens import Screens

_FILE = "survey.yaml"
_BETWEEN = "|"
"""Parts a choice's id from its text where choices are typed a line each."""


class SurveyForm:
    """The routes.

    Args:
        desks: lets requests in.
        rendering: makes the pages.
    """

    def __init__(self, desks: Desks, rendering: Rendering) -> None:
        self._desks = desks
        self._rendering = rendering

    def add_to(self, screens: Screens) -> None:
        """Add the routes."""
        screens.get(TOWN + "/survey", self.show)
        screens.post(TOWN + "/survey", self._doing(self._save))
        screens.post(TOWN + "/survey/add", self._doing(self._add))
        screens.post(TOWN + "/survey/{question}/move", self._doing(self._move))
        screens.post(TOWN + "/survey/{question}/remove", self._doing(self._remove))

    async def show(self, request: Request) -> Response:
        """The questions in one language, beside the source."""
        desk = await self._desks.desk(request, str(request.path_params["town"]))
        shown = request.query_params.get("shown", "")
        return await asyncio.to_thread(self._page, request, desk, shown)

    def _doing(
        self, do: Callable[[Request, Desk, Form], Response]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def handler(request: Request) -> Response:
            desk, form = await self._desks.posted(request, str(request.path_params["town"]))

            def done() -> Response:
                with desk.draft.held():
                    return do(request, desk, form)

            return await asyncio.to_thread(done)

        return handler

    def _save(self, request: Request, desk: Desk, form: Form) -> Response:
        guide = desk.draft.guide
        shown = language_of(guide, form.text("shown"))
        if desk.draft.revision(_FILE) != form.text("base"):
            refusal = RefusedError("refused_conflict_fields")
            return self._page(request, desk, shown, form, status=409, refusal=refusal)
        try:
            questions = tuple(
                _typed(question, shown, guide.source, form) for question in guide.survey.questions
            )
            _write(desk, questions, means_another="means_another" in form)
        except ContentError as error:
            return self._page(request, desk, shown, form, status=422, problems=error.problems)
        except RefusedError as error:
            return self._page(request, desk, shown, form, status=error.status, refusal=error)
        return go(f"{desk.address}/survey?shown={shown}&said=saved")

    def _add(self, request: Request, desk: Desk, form: Form) -> Response:
        guide = desk.draft.guide
        try:
            kind = QuestionKind(form.text("kind"))
        except ValueError:
            raise RefusedError("refused_form", 400) from None
        ranged = kind in (QuestionKind.SCALE, QuestionKind.NUMBER)
        question = Question(
            id=form.text("id"),
            kind=kind,
            texts={guide.source: form.text("text")},
            choices=_choices(form.text("choices"), (), guide.source)
            if kind in (QuestionKind.CHOICE, QuestionKind.CHOICES)
            else (),
            lowest=_number(form.text("lowest")) if ranged else 0,
            highest=_number(form.text("highest")) if ranged else 0,
        )
        try:
            _write(desk, (*guide.survey.questions, question))
        except ContentError as error:
            return self._page(request, desk, guide.source, form, status=422, problems=error.problems)
        return go(f"{desk.address}/survey?said=added#{question.id}")

    def _move(self, request: Request, desk: Desk, form: Form) -> Response:
        questions = list(desk.draft.guide.survey.questions)
        place = _place(questions, request)
        step = {"up": -1, "down": 1}.get(form.text("to"), 0)
        questions.insert(max(0, place + step), questions.pop(place))
        _write(desk, tuple(questions))
        return go(f"{desk.address}/survey?said=moved")

    def _remove(self, request: Request, desk: Desk, _form: Form) -> Response:
        questions = list(desk.draft.guide.survey.questions)
        questions.pop(_place(questions, request))
        _write(desk, tuple(questions))
        return go(f"{desk.address}/survey?said=removed")

    def _page(
        self,
        request: Request,
        desk: Desk,
        shown: str,
        form: Form | None = None,
        *,
        status: int = 200,
        **said: object,
    ) -> Response:
        guide = desk.draft.guide
        language = shown if shown in guide.languages else guide.source
        return self._rendering.page(
            request,
            "survey.html",
            desk.shared,
            status=status,
            **said,
            tab="survey",
            guide=guide,
            shown=language,
            typed=form,
            lines=lambda question: _lines(question, guide.source),
            kinds=[kind.value for kind in QuestionKind],
            base=desk.draft.revision(_FILE),
        )


def _write(desk: Desk, questions: tuple[Question, ...], *, means_another: bool = False) -> None:
    """Write the survey; its version goes up where answers to it cannot be put beside earlier ones."""
    survey = desk.draft.guide.survey
    is_another = means_another or set(map(_shape, questions)) != set(map(_shape, survey.questions))
    with desk.draft.change() as staged:
        if questions:
            version = survey.version + (is_another and bool(survey.questions))
            staged.write(_FILE, survey_text(Survey(version, questions)))
        else:
            staged.remove(_FILE)


def _shape(question: Question) -> tuple[object, ...]:
    """What answers are made of."""
    choices = tuple(sorted(choice.id for choice in question.choices))
    return question.id, question.kind, choices, question.lowest, question.highest


def _typed(question: Question, language: str, source: str, form: Form) -> Question:
    """The question with what was typed for it in a language."""

    def changed(texts: Mapping[str, str] | None, name: str) -> dict[str, str]:
        text = form.text(f"{name}.{question.id}")
        if not text and language == source:
            return {}
        return {tag: each for tag, each in {**(texts or {}), language: text}.items() if each}

    choices = question.choices
    if choices and language == source:
        choices = _choices(form.text(f"choices.{question.id}"), choices, source)
    elif choices:
        choices = tuple(_translated(each, language, form, question.id) for each in choices)
    return replace(
        question,
        texts=changed(question.texts, "text"),
        choices=choices,
        lowest_texts=changed(question.lowest_texts, "lowest_text"),
        highest_texts=changed(question.highest_texts, "highest_text"),
        unit_texts=changed(question.unit_texts, "unit"),
    )


def _translated(choice: Choice, language: str, form: Form, question: str) -> Choice:
    texts = {**choice.texts, language: form.text(f"choice.{question}.{choice.id}")}
    return Choice(choice.id, {tag: each for tag, each in texts.items() if each})


def _choices(typed: str, before: tuple[Choice, ...], source: str) -> tuple[Choice, ...]:
    """The choices of lines such as `car | By car`; those that were there keep their translations."""
    known = {choice.id: choice.texts for choice in before}
    found = []
    for line in filter(None, map(str.strip, typed.splitlines())):
        name, between, text = line.partition(_BETWEEN)
        if not between or not text.strip():
            raise RefusedError("refused_choice_line", line=line[:60])
        choice_id = name.strip()
        found.append(Choice(choice_id, {**known.get(choice_id, {}), source: text.strip()}))
    return tuple(found)


def _lines(question: Question, source: str) -> str:
    return "\n".join(f"{choice.id} {_BETWEEN} {choice.texts[source]}" for choice in question.choices)


def _place(questions: list[Question], request: Request) -> int:
    asked = str(request.path_params["question"])
    for place, question in enumerate(questions):
        if question.id == asked:
            return place
    raise RefusedError("refused_no_page", 404)


def _number(typed: str) -> int:
    if not typed.isdecimal() or len(typed) > 9:  # noqa: PLR2004  as the file may have it
        raise RefusedError("refused_range")
    return int(typed)
