"""How the village's people, phones, tills and sensors behave: every figure of the model and where it is from.

Figures without a source are assumptions. Durations are in minutes where people set them and in milliseconds
where phones do; times of day are minutes after midnight; shares are of a thousand. Tables of ranges hold
weight, least and bound.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from meguri_proto.towns import PlaceKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meguri_village.draws import Range

QUIET_GAP_SHARE: Final = 4
"""A phone is silent for at most the gap divided by this, so a stay is one visit unless something is lost."""


@dataclass(frozen=True)
class PlaceUse:
    """What people do at a place of some kind."""

    opens: int
    last_entry: int
    closes: int
    dwell: tuple[Range, ...]
    way: tuple[int, int]
    """Minutes to get there from the place before."""
    staff: int
    equipment: int
    """Tills, printers, signs: heard day and night."""
    residents: int
    """Phones of people who live within hearing."""
    buys_per_mille: int
    """Parties with a stay here that buy at a shop of the place, each time they come."""
    spend_yen: tuple[Range, ...]
    """Of one party at once."""


USES: Final[Mapping[PlaceKind, PlaceUse]] = MappingProxyType(
    {
        PlaceKind.ROADSIDE_STATION: PlaceUse(
            opens=6 * 60,
            last_entry=20 * 60,
            closes=21 * 60,
            # Roadside stations are stops: most are gone after half an hour.
            dwell=((30, 6, 15), (42, 15, 35), (22, 35, 60), (6, 60, 100)),
            way=(6, 16),
            staff=6,
            equipment=2,
            residents=3,
            buys_per_mille=560,
            # 390 million yen of 405,000 till customers in FY2017 are 963 yen a customer (sankeibiz,
            # 2018-06-14); the table's mean is near it.
            spend_yen=((38, 200, 600), (36, 600, 1_200), (20, 1_200, 2_400), (6, 2_400, 5_000)),
        ),
        PlaceKind.STREET: PlaceUse(
            opens=8 * 60,
            last_entry=17 * 60 + 30,
            closes=18 * 60 + 30,
            dwell=((40, 6, 14), (42, 14, 28), (18, 28, 50)),
            way=(2, 5),
            staff=5,
            equipment=2,
            residents=4,
            buys_per_mille=260,
            spend_yen=((40, 300, 900), (40, 900, 2_000), (20, 2_000, 5_500)),
        ),
        PlaceKind.CAVE: PlaceUse(
            # Akiyoshido is open from 8:30 to 17:30 from March to November (an hour less in winter, which is
            # left out), last entry an hour before; through it are 40 minutes to an hour (akiyoshidou-s.com).
            opens=8 * 60 + 30,
            last_entry=16 * 60 + 30,
            closes=17 * 60 + 30,
            dwell=((50, 10, 16), (40, 16, 24), (10, 24, 34)),
            way=(2, 5),
            staff=2,
            equipment=1,
            residents=0,
            buys_per_mille=200,
            spend_yen=((60, 300, 900), (40, 900, 1_800)),
        ),
        PlaceKind.SIGHT: PlaceUse(
            opens=8 * 60 + 30,
            last_entry=17 * 60,
            closes=18 * 60,
            dwell=((22, 8, 20), (46, 20, 45), (26, 45, 70), (6, 70, 110)),
            way=(5, 14),
            staff=3,
            equipment=1,
            residents=0,
            buys_per_mille=380,
            spend_yen=((50, 400, 1_000), (38, 1_000, 2_200), (12, 2_200, 4_500)),
        ),
        PlaceKind.RESTAURANT: PlaceUse(
            opens=11 * 60,
            last_entry=19 * 60,
            closes=20 * 60,
            dwell=((20, 25, 35), (60, 35, 55), (20, 55, 80)),
            way=(5, 14),
            staff=3,
            equipment=2,
            residents=1,
            buys_per_mille=930,
            spend_yen=((30, 900, 1_800), (44, 1_800, 3_600), (26, 3_600, 7_000)),
        ),
        PlaceKind.HOTEL: PlaceUse(
            opens=0,
            last_entry=24 * 60 - 1,
            closes=24 * 60 - 1,
            dwell=((100, 60, 120),),
            way=(8, 18),
            staff=4,
            equipment=2,
            residents=2,
            buys_per_mille=240,
            spend_yen=((50, 300, 1_000), (36, 1_000, 2_500), (14, 2_500, 6_000)),
        ),
        PlaceKind.PARKING: PlaceUse(
            opens=0,
            last_entry=24 * 60 - 1,
            closes=24 * 60 - 1,
            dwell=((70, 3, 7), (30, 7, 12)),
            way=(2, 5),
            staff=1,
            equipment=1,
            residents=1,
            buys_per_mille=0,
            spend_yen=((100, 300, 500),),
        ),
        PlaceKind.BUS_STOP: PlaceUse(
            opens=0,
            last_entry=24 * 60 - 1,
            closes=24 * 60 - 1,
            dwell=((60, 3, 8), (40, 8, 18)),
            way=(3, 8),
            staff=1,
            equipment=1,
            residents=3,
            buys_per_mille=120,
            spend_yen=((70, 150, 500), (30, 500, 1_500)),
        ),
    }
)

LANGUAGES: Final = ("ja", "en", "zh-Hant", "ko", "zh-Hans")
TRANSPORTS: Final = ("car", "bus", "coach")

PAYMENTS: Final = (
    (545, "cash", ""),
    (86, "credit", "visa"),
    (40, "credit", "mastercard"),
    (52, "credit", "jcb"),
    (7, "credit", "amex"),
    (128, "code_payment", "paypay"),
    (20, "code_payment", "rakuten_pay"),
    (25, "code_payment", "d_barai"),
    (19, "code_payment", "au_pay"),
    (38, "emoney_transit", "transit"),
    (17, "emoney_other", "id"),
    (15, "emoney_other", "quicpay"),
    (8, "voucher", ""),
)
"""Weight, method, brand. 42.8 % of what was spent in Japan in 2024 was cashless: 82.9 % of that by credit
cards, 9.6 % by code, 4.4 % by electronic money (METI, 2025-03-31). By number of sales, in small shops, cash
leads further and codes come near the cards (assumed); PayPay has about two thirds of the codes (PayPay,
2025-03-31). Suica, ICOCA and the like are one brand, `transit`: a till knows no more of them."""


@dataclass(frozen=True)
class Habits:
    """The figures of the model, but for what depends on the kind of a place."""

    # How many come.
    people: Mapping[PlaceKind, int] = field(
        default_factory=lambda: {PlaceKind.CAVE: 1_260, PlaceKind.ROADSIDE_STATION: 1_400}
    )
    """People on the year's mean day, by the town's main place. Akiyoshido had 460,000 entries in FY2019
    (Mainichi, 2026-01-04), 1,260 a day. The roadside station counted 405,000 till customers in FY2017
    (sankeibiz, 2018-06-14), 1,110 a day, and about 2,000 visitors on a weekend day (Mainichi, 2017-07-29)."""
    people_elsewhere: int = 900
    """In a town whose main place is of another kind."""
    month_per_mille: tuple[int, ...] = (
        *(568, 673, 1_152, 969, 1_070, 893),
        *(1_042, 1_756, 1_184, 1_161, 1_434, 837),
    )
    """January to December against the year's mean: the people that a camera counted at the sight Tojinbo from
    2024-12-20 to 2026-03-31 (code4fukui, fukui-kanko-people-flow-visualization, MIT), as month means."""
    weekday_per_mille: tuple[int, ...] = (820, 803, 723, 795, 864, 1_391, 1_410)
    """Monday to Sunday against the mean day, from the same counts; of Mondays that were no holiday."""
    free_day_per_mille: int = 1_450
    """A public holiday, from the same counts."""
    seasons: tuple[tuple[tuple[int, int], tuple[int, int], int], ...] = (
        ((1, 1), (1, 3), 1_500),
        ((5, 3), (5, 5), 1_150),
        ((8, 11), (8, 16), 1_000),
        ((12, 29), (12, 31), 1_350),
    )
    """First and last day (month, day) of the weeks off and their share against a holiday of the same month:
    New Year, Golden Week, Obon; from the same counts (2025-08-14: 24,253 people against a mean of 8,740).
    Akiyoshido has 6,000 to 7,000 entries a day at Obon (Mine city, 2024-08-14), more than this gives."""
    rain_per_mille: tuple[int, ...] = (320, 330, 320, 310, 290, 390, 370, 290, 320, 210, 260, 290)
    """Days on which it rains, January to December: in the shape of the climate of western Honshu."""
    heavy_rain_per_mille: int = 250
    """Of the days on which it rains."""
    weather_per_mille: tuple[int, ...] = (1_060, 900, 680)
    """Visitors when it is fine, when it rains, when it pours."""
    event_per_mille: int = 1_300
    """Visitors on the Sunday of the month on which something is held."""
    any_day_per_mille: tuple[int, int] = (850, 1_151)
    """What else makes one day unlike another: half of the days that the camera counted lie within 16 % of the
    median of their kind."""

    # Who comes, and how.
    party_sizes: tuple[int, ...] = (17, 46, 17, 13, 5, 2)
    """Weights of parties of one to six people."""
    transports: tuple[int, ...] = (80, 14, 6)
    """Weights of parties that come by car, bus and tour coach; a coach's party is one of its couples."""
    coach_parties: tuple[int, int] = (9, 17)
    """Parties in one coach."""
    languages: tuple[int, ...] = (840, 50, 55, 35, 20)
    """Weights of `LANGUAGES`, of parties in cars and buses. Of the foreign guests of such towns most are
    from Taiwan, Korea and China; the figures are assumed."""
    coach_languages: tuple[int, ...] = (640, 30, 190, 110, 30)
    """Of coaches."""
    arrivals: tuple[int, ...] = (
        0,
        0,
        0,
        0,
        0,
        0,
        2,
        8,
        40,
        92,
        138,
        132,
        118,
        126,
        112,
        92,
        60,
        28,
        12,
        6,
        3,
        1,
        0,
        0,
    )
    """Weights of the hours of the day, from midnight."""
    coach_arrivals: tuple[int, ...] = (
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        4,
        20,
        30,
        18,
        8,
        20,
        26,
        14,
        4,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
    )
    bus_every_minutes: int = 40
    """Buses come at the same minutes of each hour and a half; their people arrive together."""

    # Where they go.
    street_before_per_mille: int = 640
    cave_per_mille: int = 860
    """Of those who come while it is open; the street has others."""
    cave_back_per_mille: int = 520
    """Of those in the cave, walk back to its entrance; the others leave it at the far end."""
    meal_per_mille: int = 520
    """Of those who are here at meal time, eat here."""
    meal_from: int = 11 * 60
    meal_to: int = 14 * 60
    meal_minutes: tuple[int, int] = (28, 60)
    sight_per_mille: int = 380
    """Go on to each sight of the town."""
    sight_in_rain_per_mille: int = 230
    roadside_per_mille: int = 380
    """Of those who come to a cave or a sight, stop at the roadside station too."""
    street_after_per_mille: int = 460
    sleeps_per_mille: int = 60
    """Of those who come after noon, stay the night, in a town with a hotel or a roadside station."""
    sleeps_in_car_per_mille: int = 200
    """Of those who stay the night, do so in their cars where there is a roadside station."""
    wakes: tuple[int, int] = (7 * 60, 10 * 60)
    """When those who stayed the night leave."""
    morning_outing_per_mille: int = 500
    """Of them, go somewhere in the town before they leave it."""
    straggle_ms: int = 45_000
    """How far apart the people of a party come and go."""

    # Who is always there.
    staff_from: tuple[int, int] = (7 * 60 + 40, 8 * 60 + 30)
    staff_to: tuple[int, int] = (17 * 60, 18 * 60 + 40)
    passing_cars: int = 520
    """A day, at each place on a road, with a phone that is heard."""
    passing_ms: tuple[int, int] = (2_000, 14_000)
    passing_strong_per_mille: int = 120
    """Of their frames, arrive as strongly as if they were here."""

    # Phones.
    heard_per_mille: int = 430
    """People who carry a phone that is heard: children and some of the old have none, some are switched off
    or hardly scan."""
    pause_ms: tuple[int, int] = (150_000, 450_000)
    """Between two scans of a phone on the way. Phones that were recorded one at a time scanned every 7 to
    270 s (medians of seven phones; MoeinDSP, MAC-address-derandomization, MIT), awake ones of a lab once a
    minute (probe-request-project, MIT); in pockets and bags they scan less often."""
    quiet_pause_ms: tuple[int, int] = (340_000, 450_000)
    """Between two scans of a phone that is hardly used: at night, in a staff room; and of equipment."""
    bursts: tuple[Range, ...] = ((68, 1, 2), (26, 2, 3), (6, 3, 4))
    """Bursts of one scan that fall on the channel that is listened to."""
    burst_frames: tuple[Range, ...] = ((66, 1, 2), (34, 2, 3))
    """Frames of one burst that the sensor's antenna takes in; 1.6 to 1.8 were sent (iPhone 11 and 12 of the
    same recordings)."""
    frame_spacing_us: tuple[int, int] = (12_000, 38_000)
    """Between two frames of one scan."""
    network_names_per_mille: int = 60
    """Phones that ask for networks by name. In the lab recording 5,621 of 20,594 requests name one, most of
    them of older machines; none of the seven phones did."""

    # Sensors.
    nearest_hears_per_mille: int = 520
    """Frames after a scan's first that the nearest sensor hears; the first it always hears."""
    other_hears_per_mille: int = 180
    """Frames that each other sensor of the place hears."""
    nearest_signal: tuple[int, int] = (1, 34)
    """dB above the sensor's minimum."""
    other_signal: tuple[int, int] = (-16, 14)
    """Likewise: about half of what the others hear is too weak to count."""
    passing_signal: tuple[int, int] = (-20, -1)
    """Likewise, of passing cars."""
    lost_per_mille: int = 4
    """Receptions lost on the way."""
    drift_ms: int = 6_000
    """A sensor's clock is wrong by at most so much (synchronised by NTP now and then), and at most by a third
    of what the town lets it lead."""
    outage_per_mille: int = 300
    """Days on which one sensor hears nothing for a while."""
    outage_minutes: tuple[Range, ...] = ((80, 5, 25), (20, 120, 420))
    """A restart, or a plug pulled."""
    clock_off_per_mille: int = 45
    """Days on which one sensor's clock is off for hours."""
    clock_off_minutes: tuple[int, int] = (60, 240)
    clock_off_by_minutes: tuple[int, int] = (30, 90)
    """Beyond what the town's lateness and lead would let pass, ahead or (one in four) behind."""

    # Tills.
    refund_per_mille: int = 5
    """Sales of which some is paid back later."""
    cancel_per_mille: int = 7
    """Sales that are cancelled."""

    # The guide.
    guide_per_mille: Mapping[str, int] = field(
        default_factory=lambda: {"ja": 60, "en": 190, "zh-Hant": 160, "ko": 140, "zh-Hans": 140}
    )
    """People of each language who open the guide at the first sight on their way; an assumption."""
    stores_per_mille: int = 550
    """Of them, store the guide for use without signal; an assumption, as the next."""
    reports_per_mille: int = 820
    """Of those who stored it, come back to a signal before they leave the guide for good."""
    sight_again_per_mille: int = 700
    """Of them, open each further one too."""
    listens_per_mille: int = 480
    listens_seconds: tuple[int, int] = (15, 160)
    finishes_per_mille: int = 420
    rates_per_mille: int = 130
    ratings: tuple[int, ...] = (2, 4, 13, 41, 40)
    """Weights of 1 to 5."""
    answers_per_mille: int = 150
    """Of those who use the guide, answer the sheet of questions."""
    remarks_per_mille: int = 300
    """Of those, write something in their own words."""
