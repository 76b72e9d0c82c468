"""Editing a guide: what is kept, what is refused with what was typed, and that nobody writes over anybody."""

import html
import io
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from fakes.office import FIRST, GUIDE, OfficeWorld
from meguri_qrguide.content.guide import State
from meguri_qrguide.content.reading import read_guide
from meguri_qrguide.content.text_files import parse_text_file

TEXT_EN = "/office/guides/mine/sights/101/en"
TEXT_JA = "/office/guides/mine/sights/101/ja"
ENGLISH = {"title": "The mouth", "lead": "Of the cave.", "body": "Look up.", "next": "To the right."}
JAPANESE = {"title": "洞口", "lead": "洞くつの口。", "body": "本文を直した。", "next": "右へ百歩。"}


@pytest.fixture
def world(tmp_path):
    world = OfficeWorld(tmp_path)
    yield world
    world.close()


@pytest.fixture
def browser(world):
    return world.signed_in()


def guide(world):
    return read_guide(world.draft)


def sight(world, number=101):
    return next(each for each in guide(world).sights if each.number == number)


def plain(page):
    return html.unescape(re.sub(r"<[^>]+>", "", page.text))


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_page_of_a_guide_opens_in_both_languages(browser, language):
    for path in (
        *(
            "",
            "/guide",
            "/guide?shown=fr",
            "/survey",
            "/survey?shown=fr",
            "/preview",
            "/publish",
            "/transfer",
        ),
        *("/sights/101", "/sights/101/ja", "/sights/101/en", "/sights/102/fr"),
    ):
        page = browser.get(f"/office/guides/mine{path}", language)
        assert page.status_code == 200, path
        assert f'<html lang="{language}">' in page.text


def test_the_table_shows_what_is_done_and_what_is_missing_in_each_language(world, browser):
    browser.post(TEXT_EN, of=TEXT_EN, **ENGLISH, is_current="on")
    cells = re.findall(r'aria-label="(101 [^"]+: [^"]+)"', browser.get("/office/guides/mine").text)
    assert cells == [
        "101 日本語: original, no sound",
        "101 English: translated, no sound",
        "101 Français: missing",
    ]


def test_the_table_shows_titles_without_their_readings(browser):
    page = browser.get("/office/guides/mine").text
    assert ">洞口<" in page
    assert "どうこう" not in page


def test_a_translation_is_kept_and_counts_as_current(world, browser):
    done = browser.post(TEXT_EN, of=TEXT_EN, **ENGLISH, is_current="on")
    assert done.headers["location"] == f"{TEXT_EN}?said=saved"
    assert guide(world).state_of(sight(world), "en") is State.CURRENT
    kept = parse_text_file(world.read("sights/101/en.md"), "")
    assert (kept.title, kept.lead, kept.body, kept.next_hint) == tuple(ENGLISH.values())
    assert 'value="The mouth"' in browser.get(TEXT_EN).text


def test_a_translation_of_a_source_that_changed_is_marked_and_the_change_shown(world, browser):
    browser.post(TEXT_EN, of=TEXT_EN, **ENGLISH, is_current="on")
    browser.post(TEXT_JA, of=TEXT_JA, **JAPANESE)
    assert guide(world).state_of(sight(world), "en") is State.OLDER
    page = browser.get(TEXT_EN).text
    shown = page[page.index('id="changed"') : page.index('class="beside"')]
    assert "<ins>を直した</ins>" in shown
    assert "次" in "".join(re.findall("<del>(.*?)</del>", shown, re.DOTALL))
    assert 'name="is_current" checked' not in page


def test_saving_an_old_translation_leaves_it_old_unless_it_says_otherwise(world, browser):
    browser.post(TEXT_EN, of=TEXT_EN, **ENGLISH, is_current="on")
    browser.post(TEXT_JA, of=TEXT_JA, **JAPANESE)
    browser.post(TEXT_EN, of=TEXT_EN, **{**ENGLISH, "title": "A mouth"})
    assert guide(world).state_of(sight(world), "en") is State.OLDER
    browser.post(TEXT_EN, of=TEXT_EN, **ENGLISH, is_current="on")
    assert guide(world).state_of(sight(world), "en") is State.CURRENT


def test_a_translation_counts_for_the_source_that_its_writer_saw(world, browser):
    seen = browser.hidden(TEXT_EN)
    browser.post(TEXT_JA, of=TEXT_JA, **JAPANESE)
    browser.client.post(TEXT_EN, data={**seen, **ENGLISH, "is_current": "on"})
    assert guide(world).state_of(sight(world), "en") is State.OLDER


def test_a_save_over_somebody_elses_newer_one_is_refused_and_shows_both_texts(world, browser):
    mine, colleague = browser.hidden(TEXT_JA), world.signed_in("taro")
    colleague.post(TEXT_JA, of=TEXT_JA, **{**JAPANESE, "body": "同僚の文。"})
    refused = browser.client.post(TEXT_JA, data={**mine, **JAPANESE, "body": "わたしの文。"})
    assert refused.status_code == 409
    assert "同僚の文。" in refused.text
    assert "わたしの文。</textarea>" in refused.text
    assert "同僚の文。" in world.read("sights/101/ja.md")
    again = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', refused.text))
    done = browser.client.post(TEXT_JA, data={**again, **JAPANESE, "body": "わたしの文。"})
    assert done.status_code == 303
    assert "わたしの文。" in world.read("sights/101/ja.md")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("<script>alert(1)</script>", "Raw HTML is not taken"),
        ("[here](https://evil.example)", "Links lead to sights of this guide alone"),
        ("![x](https://evil.example/x.png)", "A picture is no part of the body"),
        ("# Title", "Headings begin with ##"),
        ("[there](/s/999)", "This guide has no sight 999"),
    ],
)
def test_a_body_that_no_guide_has_is_refused_by_line_and_stays_in_the_form(world, browser, body, sentence):
    before = world.read("sights/101/ja.md")
    refused = browser.post(TEXT_JA, of=TEXT_JA, **{**JAPANESE, "body": f"よし。\n\n{body}"})
    assert refused.status_code == 422
    assert sentence in plain(refused)
    assert "sights/101/ja.md, line" in plain(refused)
    assert f"よし。\n\n{html.escape(body, quote=False)}" in refused.text.replace("&#34;", '"')
    assert world.read("sights/101/ja.md") == before


def test_a_text_needs_a_title_and_what_was_typed_stays(browser):
    refused = browser.post(TEXT_JA, of=TEXT_JA, **{**JAPANESE, "title": " "})
    assert refused.status_code == 422
    assert "A title and a lead are needed." in refused.text
    assert "本文を直した。" in refused.text


def test_a_kill_between_the_two_steps_of_a_change_leaves_the_draft_as_it_was(world, browser, monkeypatch):
    before = world.read("sights/101/ja.md")

    def die(*_args, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr("meguri_qrguide.office.drafts.replace_folder", die)
    with pytest.raises(BaseException):  # noqa: B017, PT011  however the server tells it
        browser.post(TEXT_JA, of=TEXT_JA, **JAPANESE)
    assert world.read("sights/101/ja.md") == before
    assert read_guide(world.draft).sights


def test_of_many_who_save_at_once_one_is_kept_and_the_others_are_told(world, browser):
    mine = browser.hidden(TEXT_JA)

    def save(number):
        typed = {**mine, **JAPANESE, "body": f"{number}人目の文。"}
        return number, browser.client.post(TEXT_JA, data=typed).status_code

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(save, range(8)))
    (kept,) = [number for number, status in answers if status == 303]
    assert sorted(status for _, status in answers) == [303, *[409] * 7]
    assert f"{kept}人目の文。" in world.read("sights/101/ja.md")


def test_sights_change_places_by_buttons(world, browser):
    moved = browser.post("/office/guides/mine/sights/102/move", of="/office/guides/mine", to="up")
    assert moved.status_code == 303
    assert [each.number for each in guide(world).sights] == [102, 101]
    browser.post("/office/guides/mine/sights/102/move", of="/office/guides/mine", to="up")
    assert [each.number for each in guide(world).sights] == [102, 101], "the first stays the first"
    browser.post("/office/guides/mine/sights/102/move", of="/office/guides/mine", to="down")
    assert [each.number for each in guide(world).sights] == [101, 102]


def test_a_sight_is_added_and_its_text_opened(world, browser):
    added = browser.post("/office/guides/mine/sights", of="/office/guides/mine", number="103", title="滝")
    assert added.headers["location"] == "/office/guides/mine/sights/103/ja?said=added"
    assert sight(world, 103).texts["ja"].title == "滝"
    page = plain(browser.get("/office/guides/mine"))
    assert page.count("its visits are not counted before the town's file says where it stands") == 1


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        ("101", "has a sight 101 already"),
        ("7", "Another town has the number 7"),
        ("0", "A number is 1 to 99999."),
        ("100000", "A number is 1 to 99999."),
        ("x", "A number is 1 to 99999."),
        ("１２", "A number is 1 to 99999."),  # noqa: RUF001  full-width digits
    ],
)
def test_a_number_that_cannot_be_a_sights_is_refused(world, browser, number, sentence):
    refused = browser.post("/office/guides/mine/sights", of="/office/guides/mine", number=number, title="滝")
    assert refused.status_code == 422
    assert sentence in plain(refused)
    assert 'value="滝"' in refused.text, "what was typed stays"
    assert len(guide(world).sights) == 2


def test_a_sight_goes_only_when_one_is_sure_and_the_last_never(world, browser):
    first, second = "/office/guides/mine/sights/101", "/office/guides/mine/sights/102"
    browser.post(TEXT_JA, of=TEXT_JA, **JAPANESE)  # links to 102 no more
    assert browser.post(f"{second}/remove", of=second).status_code == 422
    assert browser.post(f"{second}/remove", of=second, sure="on").status_code == 303
    assert [each.number for each in guide(world).sights] == [101]
    assert not (world.draft / "sights/102").exists()
    refused = browser.post(f"{first}/remove", of=first, sure="on")
    assert "A guide has one sight at least" in plain(refused)


def test_a_sight_to_which_another_links_is_not_taken_away(world, browser):
    second = "/office/guides/mine/sights/102"
    refused = browser.post(f"{second}/remove", of=second, sure="on")
    assert refused.status_code == 422
    assert "This guide has no sight 102" in plain(refused)
    assert len(guide(world).sights) == 2


def test_a_guide_is_begun_where_none_ships(world, browser):
    of = "/office/guides/other"
    assert (
        browser.post(
            f"{of}/begin", of=of, title="隣の案内", source="ja", number="7", sight_title="橋"
        ).status_code
        == 303
    )
    begun = read_guide(world.guides.draft("other"))
    assert (begun.town, begun.titles["ja"], begun.sights[0].texts["ja"].title) == ("other", "隣の案内", "橋")
    assert browser.get(of).status_code == 200


def test_the_notice_is_kept_by_language(world, browser):
    of = "/office/guides/mine/guide"
    fields = {"title": "The cave", "coupon": "", "notice-operator": "Tourism office", "notice-contact": ""}
    saved = browser.post(of, of=f"{of}?shown=en", **fields)
    assert saved.headers["location"] == f"{of}?shown=en&said=saved"
    assert guide(world).notice == {"operator": {"ja": "観光協会", "en": "Tourism office"}}
    assert guide(world).titles == {"ja": "洞くつの案内", "en": "The cave"}


def test_a_notice_in_a_translation_alone_is_refused_and_stays_in_the_form(world, browser):
    of = "/office/guides/mine/guide"
    refused = browser.post(of, of=f"{of}?shown=en", **{"title": "The cave", "notice-contact": "Ask us"})
    assert refused.status_code == 422
    assert "The text in ja, the source language, is missing" in plain(refused)
    assert "Ask us</textarea>" in refused.text


def test_a_notice_that_somebody_else_saved_meanwhile_is_not_written_over(world, browser):
    of = "/office/guides/mine/guide"
    mine = browser.hidden(of)
    world.signed_in("taro").post(of, of=of, **{"title": "同僚の題", "notice-operator": "観光協会"})
    refused = browser.client.post(of, data={**mine, "title": "わたしの題"}, headers={"Accept-Language": "en"})
    assert refused.status_code == 409
    assert "同僚の題" in refused.text
    assert "わたしの題</textarea>" in refused.text
    assert guide(world).titles["ja"] == "同僚の題"


def test_languages_and_wifi_are_settings(world, browser):
    of = "/office/guides/mine/guide"
    fields = {"languages": "ja, en fr ko", "wifi_name": "Cave", "wifi_password": "stalactite"}
    assert browser.post("/office/guides/mine/settings", of=of, **fields).status_code == 303
    assert guide(world).languages == ("ja", "en", "fr", "ko")
    assert (guide(world).wifi.name, guide(world).wifi.password) == ("Cave", "stalactite")
    refused = browser.post("/office/guides/mine/settings", of=of, languages="ja english")
    assert "english is no language tag" in plain(refused)
    refused = browser.post("/office/guides/mine/settings", of=of, languages="en fr")
    assert refused.status_code == 422, "the original's language stays"


def test_a_map_with_a_script_is_refused(world, browser):
    of = "/office/guides/mine/guide"
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    refused = browser.post("/office/guides/mine/map", of=of, files={"file": ("map.svg", drawing)})
    assert refused.status_code == 422
    assert "map.svg" in plain(refused)
    assert guide(world).map is None
    good = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><circle id="sight-101" r="2"/></svg>'
    assert (
        browser.post("/office/guides/mine/map", of=of, files={"file": ("map.svg", good)}).status_code == 303
    )
    assert guide(world).map.type == "image/svg+xml"


def test_a_question_is_translated_without_a_new_version(world, browser):
    of = "/office/guides/mine/survey"
    fields = {"text.transport": "Comment ?", "choice.transport.car": "Voiture", "text.again": "Encore ?"}
    assert browser.post(of, of=f"{of}?shown=fr", **fields).status_code == 303
    survey = guide(world).survey
    assert survey.version == 3
    assert survey.questions[0].texts == {
        "ja": "どうやって来ましたか。",
        "en": "How did you come?",
        "fr": "Comment ?",
    }
    assert survey.questions[0].choices[0].texts == {"ja": "車", "en": "By car", "fr": "Voiture"}


def test_another_choice_is_another_version_and_keeps_the_translations_of_the_others(world, browser):
    of = "/office/guides/mine/survey"
    fields = {
        "text.transport": "どうやって来ましたか。",
        "choices.transport": "car | 自家用車\nwalk | 歩き",
        "text.again": "また来ますか。",
    }
    assert browser.post(of, of=of, **fields).status_code == 303
    survey = guide(world).survey
    assert survey.version == 4
    assert [(each.id, each.texts) for each in survey.questions[0].choices] == [
        ("car", {"ja": "自家用車", "en": "By car"}),
        ("walk", {"ja": "歩き"}),
    ]


def test_a_choice_that_cannot_be_read_is_refused_and_stays_in_the_form(world, browser):
    of = "/office/guides/mine/survey"
    refused = browser.post(of, of=of, **{"text.transport": "どう。", "choices.transport": "車だけ"})
    assert refused.status_code == 422
    assert "The line “車だけ” is no choice" in plain(refused)
    assert "車だけ</textarea>" in refused.text
    assert 'value="どう。"' in refused.text


def test_questions_are_added_moved_and_taken_away(world, browser):
    of = "/office/guides/mine/survey"
    browser.post(f"{of}/add", of=of, id="origin", kind="choices", text="どこから。", choices="near | 近く")
    browser.post(f"{of}/origin/move", of=of, to="up")
    browser.post(f"{of}/transport/remove", of=of)
    survey = guide(world).survey
    assert [each.id for each in survey.questions] == ["origin", "again"]
    assert survey.version == 5, "one came, one went; another place is no other question"
    refused = browser.post(f"{of}/add", of=of, id="Not An Id", kind="text", text="何か。")
    assert refused.status_code == 422
    assert 'value="Not An Id"' in refused.text


def test_publishing_lists_what_changes_and_visitors_get_it(world, browser):
    of = "/office/guides/mine/publish"
    assert world.guides.current("mine") is None
    browser.post(of, of=of)
    assert world.guides.current("mine").number == 1
    assert "Nothing. Visitors see the draft as it is." in plain(browser.get(of))
    browser.post(TEXT_JA, of=TEXT_JA, **JAPANESE)
    browser.post(TEXT_EN, of=TEXT_EN, **ENGLISH, is_current="on")
    changes = re.findall(r"<li><span class=\"state state-(\w+)\">.*?</li>", browser.get(of).text)
    assert changes == ["new", "changed"]
    assert world.guides.current("mine").guide.sights[0].texts["ja"].digest == FIRST.digest
    browser.post(of, of=of)
    assert "en" in world.guides.current("mine").guide.sights[0].texts


def test_what_changed_after_the_list_was_shown_is_not_published_unseen(world, browser):
    of = "/office/guides/mine/publish"
    seen = browser.hidden(of)
    world.signed_in("taro").post(TEXT_JA, of=TEXT_JA, **JAPANESE)
    refused = browser.client.post(of, data=seen)
    assert refused.status_code == 409
    assert world.guides.current("mine") is None


def test_an_earlier_edition_is_shown_again_and_the_draft_stays(world, browser):
    of = "/office/guides/mine/publish"
    browser.post(of, of=of)
    browser.post(TEXT_JA, of=TEXT_JA, **JAPANESE)
    browser.post(of, of=of)
    assert browser.post("/office/guides/mine/roll-back", of=of, number="1").status_code == 303
    assert world.guides.current("mine").number == 1
    assert "本文を直した。" in world.read("sights/101/ja.md")
    assert browser.post("/office/guides/mine/roll-back", of=of, number="9").status_code == 404


def test_a_draft_leaves_as_a_zip_and_comes_back_the_same(world, browser):
    packed = browser.get("/office/guides/mine/export.zip")
    assert packed.headers["content-disposition"] == 'attachment; filename="mine.zip"'
    browser.post(TEXT_JA, of=TEXT_JA, **JAPANESE)
    of = "/office/guides/mine/transfer"
    begun = browser.post(
        "/office/guides/mine/import", of=of, sure="on", files={"file": ("g.zip", packed.content)}
    )
    end = browser.finished(begun)
    assert end.headers["location"] == "/office/guides/mine?said=saved"
    assert parse_text_file(world.read("sights/101/ja.md"), "") == FIRST


@pytest.mark.parametrize(
    ("path", "content", "sentence"),
    [
        ("../evil.md", b"", "../evil.md"),
        ("sights/101/page.html", b"<html>", "sights/101/page.html"),
        ("sights/101/cave.webp", b"no picture at all", "sights/101/cave.webp"),
    ],
)
def test_a_zip_with_what_no_guide_has_is_refused_and_the_draft_stays(world, browser, path, content, sentence):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("guide.yaml", GUIDE)
        archive.writestr("sights/101/ja.md", "---\ntitle: x\nlead: y\n---\n")
        archive.writestr("sights/102/ja.md", "---\ntitle: x\nlead: y\n---\n")
        archive.writestr(path, content)
    of = "/office/guides/mine/transfer"
    begun = browser.post(
        "/office/guides/mine/import", of=of, sure="on", files={"file": ("g.zip", file.getvalue())}
    )
    end = browser.finished(begun)
    assert end.status_code == 422
    assert sentence in plain(end)
    assert parse_text_file(world.read("sights/101/ja.md"), "") == FIRST


def test_a_draft_broken_by_hand_is_shown_as_what_is_wrong(world, browser):
    world.write("sights/101/ja.md", "no front matter")
    page = browser.get("/office/guides/mine")
    assert page.status_code == 422
    assert "sights/101/ja.md, line 1" in plain(page)


def test_the_preview_shows_the_draft_and_lets_no_script_run(world, browser):
    browser.post(TEXT_JA, of=TEXT_JA, **JAPANESE)
    page = browser.get("/office/guides/mine/preview/page/s/101?lang=ja")
    assert page.status_code == 200
    assert "本文を直した。" in page.text
    policy = page.headers["content-security-policy"]
    assert "script-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert "/v1/opened" not in page.text, "the office is not counted as a visitor"
    links = set(re.findall(r'href="(/[^"?#]*)', page.text))
    assert "/office/guides/mine/preview/page/s/102" in links
    assert not [each for each in links if each.startswith(("/s/", "/g/"))]
    assert (
        'src="/office/guides/mine/preview/page/' in browser.get("/office/guides/mine/preview?path=s/101").text
    )


@pytest.mark.parametrize(
    "address",
    [
        *("/office/guides/nowhere", "/office/guides/mine/sights/999", "/office/guides/mine/sights/101/xx"),
        *("/office/guides/mine/media/0.m4a", "/office/guides/mine/jobs/none"),
        "/office/guides/mine/preview/page/s/999",
    ],
)
def test_what_is_not_there_is_said_to_be_missing(browser, address):
    assert browser.get(address).status_code == 404
