"""`meguri guide`: a guide checked, exported, imported, published and rolled back without the editor."""

import json
import time
from dataclasses import replace

import pytest
from fakes.guide_folder import GUIDE, TEXTS, tree, write_guide
from fakes.log import MemoryLog
from fakes.town_day import TOWN
from fastapi.testclient import TestClient
from meguri import asking
from meguri.cli import app, main
from meguri_qrguide.app import create_app
from meguri_qrguide.content.guides import Guides
from typer.testing import CliRunner

NEW_TITLE = {"sights/101/ja.md": TEXTS["sights/101/ja.md"].replace("洞口", "新しい洞口")}


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def draft(data):
    return write_guide(Guides(data / "guides").draft("valley"))


@pytest.fixture
def meguri(data, monkeypatch, capsys):
    """Run `meguri guide` on the data folder: its exit status, and what it printed to either stream."""

    def run(command, *arguments):
        named = () if "--data" in arguments else ("--data", data)
        monkeypatch.setattr("sys.argv", ["meguri", "guide", command, *map(str, (*arguments, *named))])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return ended.value.code or 0, said.out + said.err

    return run


def served(data):
    edition = Guides(data / "guides").current("valley")
    return None if edition is None else (edition.number, edition.guide.sights[1].texts["ja"].title)


def test_a_check_says_what_the_guide_holds_and_what_it_lacks(meguri, draft):
    status, said = meguri("check", "--town", "valley")
    assert status == 0
    assert "The guide of valley has 2 sights in 4 languages, 4 questions, 1 sounds" in said
    for lack in (
        "Warning  sights/102/fr.md: This text is missing.",
        "Warning  sights/101/en.md: This text is older than its source, which is ",
        "Warning  sights/101/en.md: The picture cave-mouth has no alternative text.",
        "Warning  sights/101/sound.en.m4a: This sound is missing.",
        "Warning  survey.yaml: The question spent is not whole in en.",
        "Warning  guide.yaml: The title is missing in fr.",
    ):
        assert lack in said
    assert "The notice does not name" not in said


def test_a_check_warns_of_a_sound_that_says_an_older_text_and_of_a_notice_without_the_towns_own_parts(
    meguri, draft
):
    facts = f"made_by: recording\nseconds: 2\nsays: '{'0' * 16}'\n"
    guide = GUIDE.replace("  contact: {ja: 観光課, en: The tourist office}\n", "")
    write_guide(draft, {"sights/101/sound.ja.yaml": facts, "guide.yaml": guide})
    (draft / "sights/102/video.ja.vtt").unlink()
    _, said = meguri("check", "--town", "valley")
    assert "Warning  sights/101/sound.ja.m4a: This sound says an older text." in said
    assert "Warning  guide.yaml: The notice does not name its contact." in said
    assert "Warning  sights/102/video.ja.vtt: The video has no subtitles." in said


def test_a_check_of_a_whole_guide_warns_of_nothing(meguri, tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "guide.yaml").write_text(
        "town: valley\nlanguages: [ja]\nsource: ja\ntitle: {ja: 谷}\nsights: [102]\n"
        "notice: {operator: {ja: 役場}, contact: {ja: 観光課}}\n",
        "utf-8",
    )
    write_guide(tmp_path / "whole")
    (folder / "sights/102").mkdir(parents=True)
    (folder / "sights/102/ja.md").write_text(TEXTS["sights/102/ja.md"], "utf-8")
    for name in ("sound.ja.m4a", "sound.ja.yaml"):
        (folder / "sights/102" / name).write_bytes((tmp_path / "whole/sights/101" / name).read_bytes())
    assert (
        CliRunner().invoke(app, ["guide", "check", str(folder)]).stdout.endswith("No error, no warnings.\n")
    )


def test_a_check_tells_every_error_by_file_and_line_and_fails(meguri, draft):
    write_guide(draft, {"sights/101/fr.md": TEXTS["sights/101/en.md"] + "<b>\n", "sights/101/x.txt": None})
    status, said = meguri("check", "--town", "valley")
    assert status == 1
    assert "  sights/101/fr.md, line 7: Raw HTML is not taken." in said


def test_a_check_for_a_program_says_the_same_as_json(draft):
    runner = CliRunner()
    whole = runner.invoke(app, ["guide", "check", str(draft), "--json"])
    held = json.loads(whole.stdout)
    assert held["sights"]["101"]["texts"] == {
        "ja": "source",
        "en": "older",
        "fr": "missing",
        "ja-x-easy": "missing",
    }
    assert held["errors"] == []
    assert {"file": "sights/102/fr.md", "line": None, "sentence": "This text is missing."} in held["warnings"]
    (draft / "notes.txt").touch()
    wrong = runner.invoke(app, ["guide", "check", str(draft), "--json"])
    assert wrong.exit_code == 1
    assert json.loads(wrong.stdout)["errors"][0]["file"] == "notes.txt"


def test_what_is_published_is_what_visitors_see_until_it_is_rolled_back(meguri, data, draft):
    assert served(data) is None
    assert meguri("publish", "--town", "valley") == (0, "Visitors of valley see edition 1 now.\n")
    write_guide(draft, NEW_TITLE)
    assert served(data) == (1, "洞口")
    meguri("publish", "--town", "valley")
    assert served(data) == (2, "新しい洞口")
    status, said = meguri("roll-back", "--town", "valley", "--edition", 1)
    assert (status, served(data)) == (0, (1, "洞口"))
    assert "see edition 1 now, published " in said


def test_a_guide_that_runs_shows_what_is_published_without_a_new_start(meguri, data, draft):
    towns = {"valley": replace(TOWN, town="valley", sights={101: "hall", 102: "hall"})}
    meguri("publish", "--town", "valley")
    app = create_app(towns=towns, log=MemoryLog(), guides=Guides(data / "guides"))
    with TestClient(app) as visitor:
        assert "新しい洞口" not in visitor.get("/s/101?lang=ja").text
        write_guide(draft, NEW_TITLE)
        meguri("publish", "--town", "valley")
        deadline = time.monotonic() + 30
        while "新しい洞口" not in visitor.get("/s/101?lang=ja").text:
            assert time.monotonic() < deadline


def test_a_published_edition_has_the_time_of_publishing(meguri, data, draft):
    before = time.time_ns() // 1_000_000
    meguri("publish", "--town", "valley")
    published = Guides(data / "guides").current("valley").published_ms
    assert before <= published <= time.time_ns() // 1_000_000


def test_a_draft_with_errors_is_not_published(meguri, data, draft):
    meguri("publish", "--town", "valley")
    write_guide(draft, {"sights/101/fr.md": "no front matter"})
    status, said = meguri("publish", "--town", "valley")
    assert status == 1
    assert (
        "The draft of valley cannot be published; what visitors see stays:\n  sights/101/fr.md, line 1"
        in said
    )
    assert served(data) == (1, "洞口")


def test_the_editions_are_listed_with_the_one_that_is_served(meguri, draft):
    assert meguri("editions", "--town", "valley") == (0, "Nothing of the guide of valley was published.\n")
    meguri("publish", "--town", "valley")
    meguri("publish", "--town", "valley")
    meguri("roll-back", "--town", "valley", "--edition", 1)
    _, said = meguri("editions", "--town", "valley")
    newest, oldest = said.splitlines()
    assert newest.startswith("edition 2, published ")
    assert oldest.startswith("edition 1, published ")
    assert oldest.endswith("that visitors see")
    assert not newest.endswith("that visitors see")
    _, listed = meguri("editions", "--town", "valley", "--json")
    assert [(each["edition"], each["is_served"]) for each in json.loads(listed)["editions"]] == [
        (2, False),
        (1, True),
    ]


def test_rolling_back_to_what_was_never_published_fails(meguri, draft):
    meguri("publish", "--town", "valley")
    assert meguri("roll-back", "--town", "valley", "--edition", 5) == (
        1,
        "The guide of valley has no edition 5. There are: 1.\n",
    )


def test_a_guide_goes_to_another_installation_as_a_zip(meguri, data, draft, tmp_path):
    zipped = tmp_path / "valley.zip"
    status, said = meguri("export", "--town", "valley", "--out", zipped)
    assert status == 0
    assert said.startswith(f"The draft of valley is in {zipped} (")
    other = tmp_path / "other"
    other.mkdir()
    status, said = meguri("import", zipped, "--town", "valley", "--data", other)
    assert status == 0
    assert "visitors see it after `meguri guide publish`" in said
    assert tree(Guides(other / "guides").draft("valley")) == tree(draft)
    assert served(other) is None


def test_an_edition_is_exported_as_it_was_published(meguri, data, draft, tmp_path):
    meguri("publish", "--town", "valley")
    published = tree(draft)
    write_guide(draft, NEW_TITLE)
    zipped = tmp_path / "valley.zip"
    meguri("export", "--town", "valley", "--out", zipped, "--edition", 1)
    meguri("import", zipped, "--town", "valley")
    assert tree(draft) == published


def test_an_import_that_is_refused_leaves_the_draft(meguri, draft, tmp_path):
    zipped = tmp_path / "valley.zip"
    zipped.write_bytes(b"no zip")
    before = tree(draft)
    status, said = meguri("import", zipped, "--town", "valley")
    assert status == 1
    assert (
        f"{zipped} cannot be imported; the draft of valley stays as it was:\n  This is no whole zip" in said
    )
    assert tree(draft) == before


def test_an_export_of_what_is_not_there_fails_with_a_sentence(meguri, data, draft, tmp_path):
    assert "There is no guide in" in meguri("export", "--town", "hill", "--out", tmp_path / "a.zip")[1]
    assert (
        "has no edition 3"
        in meguri("export", "--town", "valley", "--out", tmp_path / "a.zip", "--edition", 3)[1]
    )
    status, said = meguri("export", "--town", "valley", "--out", tmp_path / "nowhere" / "a.zip")
    assert (status, said) == (1, f"There is no folder {tmp_path / 'nowhere'} to write a.zip to.\n")


def test_publishing_a_town_without_a_draft_leaves_nothing_behind(meguri, data):
    status, said = meguri("publish", "--town", "hill")
    assert status == 1
    assert "There is no guide in" in said
    assert not list(data.iterdir())


def test_a_data_folder_that_is_not_there_fails_with_a_sentence(meguri, tmp_path):
    status, said = meguri("publish", "--town", "valley", "--data", tmp_path / "nowhere")
    assert (status, said) == (
        1,
        f"There is no data folder {tmp_path / 'nowhere'}. Name the one that you use with --data.\n",
    )


def test_without_a_data_folder_named_it_is_the_demos(data, draft, monkeypatch, tmp_path):
    monkeypatch.setattr(asking, "DEMO_DATA", data)
    monkeypatch.setattr(asking, "UP_DATA", tmp_path / "up")
    assert CliRunner().invoke(app, ["guide", "publish", "--town", "valley"]).exit_code == 0
    assert served(data) == (1, "洞口")


@pytest.mark.parametrize(
    "arguments",
    [
        ["check"],
        ["check", "x", "--town", "valley"],
        ["publish"],
        ["publish", "--town", "../up"],
        ["roll-back"],
    ],
)
def test_wrong_use_ends_with_2(arguments):
    assert CliRunner().invoke(app, ["guide", *arguments]).exit_code == 2
