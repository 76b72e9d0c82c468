"""A small guide as content, without files: three sights of a cave, in Japanese with ruby and in English."""

from dataclasses import replace

from meguri_qrguide.content.guide import Guide, Sight, Survey, Text, Wifi

TITLES = {101: "{秋芳洞|あきよしどう}の入り口", 102: "百枚皿", 103: "黄金柱"}


def guide(**changes):
    whole = Guide(
        town="mine",
        languages=("ja", "en", "zh-Hans", "zh-Hant", "ko", "th", "fr", "vi", "ja-x-easy"),
        source="ja",
        titles={"ja": "秋芳洞 洞内ガイド", "en": "Cave guide"},
        sights=tuple(
            Sight(number, {"ja": Text(title, "", "", None, "0" * 16, None)}, (), {}, None)
            for number, title in TITLES.items()
        ),
        survey=Survey(1, ()),
        notice={},
        coupon={},
        wifi=Wifi('Mine; "Free"', "karst:350,\\"),
        map=None,
    )
    return replace(whole, **changes)
