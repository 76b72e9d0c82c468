"""What visitors do with the guide on their phones, and what they answer to its sheet of questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from meguri_proto.guide import GuideEventKind

from meguri_village.habits import LANGUAGES, TRANSPORTS

if TYPE_CHECKING:
    from meguri_village.people import Company
    from meguri_village.village import Village

_QUESTIONS: Final = ("origin", "transport", "party", "nights", "spending", "satisfaction", "again")
_ORIGINS: Final = {
    "ja": ("prefecture", "japan", "japan"),
    "en": ("europe", "americas", "oceania"),
    "zh-Hant": ("taiwan", "taiwan", "hongkong"),
    "ko": ("korea",),
    "zh-Hans": ("china",),
}
"""Where from, by language; each as often as the others. An assumption, as the next."""
_SPENDING_YEN: Final = (1_500, 9_000)
"""Of each person, without the night."""
_AGAIN: Final = ("yes", "perhaps", "no")
_AGAIN_WEIGHTS: Final = (58, 34, 8)
_REMARKS: Final = {
    "ja": (
        "洞内は涼しくて夏によいです。",
        "足元が暗い所がありました。",
        "案内の音声が分かりやすかったです。",
    ),
    "en": (
        "Cool in every sense.",
        "Stairs near the end were slippery.",
        "Please add a map of the bus stops.",
    ),
    "zh-Hant": ("鐘乳石很壯觀。", "希望公車班次多一些。", "語音導覽很清楚。"),
    "ko": ("동굴이 시원했어요.", "버스가 더 자주 있으면 좋겠어요.", "안내가 친절했습니다."),
    "zh-Hans": ("钟乳石很漂亮。", "里面有点滑。", "希望多一些休息的地方。"),
}
"""What visitors write, by language; each as often as the others."""
_WHOLE_GUIDE: Final = 0
_STORED_AFTER_MS: Final = 15_000
_MINUTE_MS: Final = 60_000
_OPENED_WITHIN_MS: Final = 4 * _MINUTE_MS


@dataclass(frozen=True)
class Use:
    """One use of the guide, as its page posts it; `at_ms` is epoch milliseconds."""

    event_id: str
    sight: int
    language: str
    kind: GuideEventKind
    at_ms: int
    walk: str
    """Of one phone's walk on one day: 16 hexadecimal digits."""
    seconds: int = 0
    rating: int = 0


@dataclass(frozen=True)
class Answer:
    """One answer on a visitor's sheet, as the page posts it; `at_ms` is epoch milliseconds."""

    sheet_id: str
    question: str
    answer: str
    """Empty where it is in the visitor's own words."""
    language: str
    at_ms: int
    free_text: str = ""


def guide_use(village: Village, key_day: int, company: Company) -> tuple[list[Use], list[Answer]]:
    """The day's uses of the guide and the answers, each in the order of time."""
    walks = _Walks(village, key_day, company)
    for number in range(company.parties.size.size):
        walks.party(number)
    uses = sorted(walks.uses, key=lambda use: (use.at_ms, use.event_id))
    return uses, sorted(walks.answers, key=lambda answer: (answer.at_ms, answer.sheet_id, answer.question))


class _Walks:
    def __init__(self, village: Village, key_day: int, company: Company) -> None:
        self._habits = village.habits
        self._parties = company.parties
        self._start_ms, self._end_ms = village.town.day_bounds_ms(key_day)
        self._draws = village.draws("guide", key_day)
        self.uses: list[Use] = []
        self.answers: list[Answer] = []
        self._is_silent = False
        self._route = self._sights_on_the_way(village, company)
        # Drawn for everybody at once; who opens the guide then draws on.
        opens = np.array([self._habits.guide_per_mille.get(language, 0) for language in LANGUAGES], np.int64)
        people = np.repeat(np.arange(self._parties.size.size), self._parties.size)
        willing = self._draws.chances(opens[self._parties.language[people]], people.size)
        self._willing = np.bincount(people[willing], minlength=self._parties.size.size).tolist()

    def party(self, number: int) -> None:
        """What those of a party do who open the guide."""
        if number not in self._route:
            return
        for _ in range(self._willing[number]):
            self._walk(number, self._route[number])

    def _sights_on_the_way(self, village: Village, company: Company) -> dict[int, list[tuple[int, int, int]]]:
        """Of each party: sight, and from when to when (after the day's start) they are there."""
        at_place: dict[int, list[int]] = {}
        for sight, where in village.town.sights.items():
            if where in village.places:
                at_place.setdefault(village.places.index(where), []).append(sight)
        route: dict[int, list[tuple[int, int, int]]] = {}
        stays = company.stays
        at_sights = np.flatnonzero(np.isin(stays.place, list(at_place)) & ~stays.at_night)
        for stay in at_sights.tolist():
            party, place = int(stays.party[stay]), int(stays.place[stay])
            seen = {sight for sight, _, _ in route.get(party, [])}
            for sight in at_place[place]:
                if sight not in seen:
                    times = (int(stays.from_ms[stay]), int(stays.to_ms[stay]))
                    route.setdefault(party, []).append((sight, *times))
        return route

    def _walk(self, party: int, route: list[tuple[int, int, int]]) -> None:
        habits, draws = self._habits, self._draws
        language = LANGUAGES[int(self._parties.language[party])]
        walk = draws.bytes(8).hex()
        last_ms = 0
        self._is_silent = False
        for ordinal, (sight, from_ms, to_ms) in enumerate(route):
            if ordinal and not self._happens(habits.sight_again_per_mille):
                continue
            wait = min(_OPENED_WITHIN_MS, max(1, (to_ms - from_ms) // 2))
            at_ms = self._start_ms + from_ms + int(draws.below(wait, 1)[0])
            last_ms = self._sight(sight, language, walk, at_ms, is_first=not ordinal) or last_ms
        if last_ms and not self._is_silent and self._happens(habits.answers_per_mille):
            self._answer(party, language, last_ms + 2 * _MINUTE_MS)

    def _sight(self, sight: int, language: str, walk: str, at_ms: int, *, is_first: bool) -> int:
        """What is done with one sight; when it ended, 0 if it was after the day's end."""
        habits, draws = self._habits, self._draws
        if at_ms >= self._end_ms:
            return 0
        now = self._use(sight, language, walk, at_ms, GuideEventKind.OPENED)
        if is_first and self._happens(habits.stores_per_mille):
            now = self._use(_WHOLE_GUIDE, language, walk, now + _STORED_AFTER_MS, GuideEventKind.STORED)
            # What a phone that never has signal again keeps to itself is not posted, so it is no truth.
            self._is_silent = not self._happens(habits.reports_per_mille)
        if self._happens(habits.listens_per_mille):
            seconds = int(draws.between(*habits.listens_seconds, 1)[0])
            now = self._use(
                sight, language, walk, now + 1_000 * seconds, GuideEventKind.LISTENED, seconds=seconds
            )
        if self._happens(habits.finishes_per_mille):
            now = self._use(sight, language, walk, now + _MINUTE_MS, GuideEventKind.FINISHED)
        if self._happens(habits.rates_per_mille):
            rating = int(draws.among(habits.ratings, 1)[0]) + 1
            now = self._use(sight, language, walk, now + 5_000, GuideEventKind.RATED, rating=rating)
        return now

    def _use(  # noqa: PLR0913  a use has as many fields
        self,
        sight: int,
        language: str,
        walk: str,
        at_ms: int,
        kind: GuideEventKind,
        *,
        seconds: int = 0,
        rating: int = 0,
    ) -> int:
        event_id = self._draws.bytes(16).hex()
        if at_ms < self._end_ms and not self._is_silent:
            self.uses.append(Use(event_id, sight, language, kind, at_ms, walk, seconds, rating))
        return at_ms

    def _answer(self, party: int, language: str, at_ms: int) -> None:
        parties, sheet = self._parties, self._draws.bytes(16).hex()
        if at_ms >= self._end_ms:
            return
        origins = _ORIGINS[language]
        people = int(parties.size[party])
        answers = (
            origins[int(self._draws.below(len(origins), 1)[0])],
            TRANSPORTS[int(parties.transport[party])],
            str(people),
            str(int(parties.sleeps[party])),
            str(people * int(self._draws.between(*_SPENDING_YEN, 1)[0]) // 500 * 500),
            str(int(self._draws.among(self._habits.ratings, 1)[0]) + 1),
            _AGAIN[int(self._draws.among(_AGAIN_WEIGHTS, 1)[0])],
        )
        self.answers += [
            Answer(sheet, question, answer, language, at_ms)
            for question, answer in zip(_QUESTIONS, answers, strict=True)
        ]
        if self._happens(self._habits.remarks_per_mille):
            remarks = _REMARKS[language]
            remark = remarks[int(self._draws.below(len(remarks), 1)[0])]
            self.answers.append(Answer(sheet, "remarks", "", language, at_ms, remark))

    def _happens(self, per_mille: int) -> bool:
        return bool(self._draws.chances(per_mille, 1)[0])
