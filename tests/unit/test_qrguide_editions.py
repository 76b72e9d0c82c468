"""Publishing: what is served is always a whole edition, whenever the process that publishes is killed."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from fakes.guide_folder import GUIDE, TEXTS, tree, write_guide
from meguri_qrguide.content import durable_files
from meguri_qrguide.content import editions as editions_module
from meguri_qrguide.content import guides as guides_module
from meguri_qrguide.content.durable_files import replace_folder, settle
from meguri_qrguide.content.editions import Editions, NoSuchEditionError
from meguri_qrguide.content.folder import list_files
from meguri_qrguide.content.guides import Guides
from meguri_qrguide.content.problems import ContentError

CHANGED = {"sights/101/ja.md": TEXTS["sights/101/ja.md"].replace("洞口", "新しい洞口")}
TRACED = tuple(module.__file__ for module in (durable_files, editions_module))
ONLY_TEXTS = {
    "guide.yaml": GUIDE.replace("[102, 101]", "[101]").replace("map: map.svg", ""),
    "sights/101/ja.md": "---\ntitle: 洞口\nlead: 風。\n---\n",
    "sights/101/en.md": None,
    "sights/101/cave-mouth.webp": None,
    "sights/101/cave-mouth.avif": None,
    "sights/101/sound.ja.m4a": None,
    "sights/101/sound.ja.yaml": None,
    "survey.yaml": None,
    "sights/102/ja.md": None,
    "sights/102/video.mp4": None,
    "sights/102/video.ja.vtt": None,
    "map.svg": None,
}
CHANGED_TEXTS = ONLY_TEXTS | {"sights/101/ja.md": "---\ntitle: 新しい洞口\nlead: 風。\n---\n"}


@pytest.fixture
def draft(tmp_path):
    return write_guide(tmp_path / "draft")


@pytest.fixture
def editions(tmp_path):
    return Editions(tmp_path / "editions", "valley")


def title(edition):
    return edition.guide.sights[1].texts["ja"].title


def test_before_anything_was_published_there_is_no_edition(editions):
    assert editions.current() is None
    assert editions.list() == ()
    with pytest.raises(NoSuchEditionError, match="Nothing of the guide of valley was published"):
        editions.roll_back(1)


def test_a_published_draft_is_served_and_later_changes_of_the_draft_are_not(editions, draft):
    published = editions.publish(draft, 1_000)
    write_guide(draft, CHANGED)
    assert (published.number, published.published_ms) == (1, 1_000)
    assert editions.current().number == 1
    assert title(editions.current()) == "洞口"


def test_an_edition_is_read_once_until_another_is_published_also_by_another_process(
    editions, draft, tmp_path
):
    editions.publish(draft, 1)
    guide = editions.current().guide
    assert editions.current().guide is guide
    write_guide(draft, CHANGED)
    Editions(tmp_path / "editions", "valley").publish(draft, 2)
    assert title(editions.current()) == "新しい洞口"


def test_an_earlier_edition_is_served_again_and_the_next_one_has_a_number_of_its_own(editions, draft):
    editions.publish(draft, 1)
    editions.publish(write_guide(draft, CHANGED), 2)
    assert editions.roll_back(1).number == 1
    assert title(editions.current()) == "洞口"
    assert editions.publish(draft, 3).number == 3
    assert [(each.number, each.published_ms) for each in editions.list()] == [(3, 3), (2, 2), (1, 1)]


def test_an_edition_that_was_never_published_is_not_served(editions, draft):
    editions.publish(draft, 1)
    with pytest.raises(NoSuchEditionError, match=r"no edition 7\. There are: 1"):
        editions.roll_back(7)
    assert editions.current().number == 1


def test_a_draft_that_cannot_be_used_leaves_what_is_served(editions, draft, tmp_path):
    editions.publish(draft, 1)
    with pytest.raises(ContentError, match="Raw HTML"):
        editions.publish(write_guide(draft, {"sights/101/fr.md": "---\ntitle: a\nlead: b\n---\n<b>"}), 2)
    assert editions.current().number == 1
    assert sorted(each.name for each in (tmp_path / "editions").iterdir()) == ["000001", "current", "lock"]


def test_a_draft_that_loses_a_file_while_it_is_published_is_not_published(editions, draft, monkeypatch):
    def list_then_lose(folder):
        found = list_files(folder)
        (folder / "sights/101/en.md").unlink()
        return found

    monkeypatch.setattr(editions_module, "list_files", list_then_lose)
    with pytest.raises(
        ContentError, match=r"sights/101/en\.md: The draft was changed while it was published"
    ):
        editions.publish(draft, 1)
    assert editions.current() is None


def test_another_towns_guide_is_not_published(editions, draft):
    with pytest.raises(ContentError, match="This is the guide of hill, not of valley"):
        editions.publish(write_guide(draft, {"guide.yaml": GUIDE.replace("town: valley", "town: hill")}), 1)


def test_media_that_stay_the_same_take_their_room_once(editions, draft):
    first = editions.publish(draft, 1)
    second = editions.publish(write_guide(draft, CHANGED), 2)
    sound, text = "sights/101/sound.ja.m4a", "sights/101/ja.md"
    assert (first.folder / sound).samefile(second.folder / sound)
    assert not (first.folder / text).samefile(second.folder / text)
    assert not (draft / sound).samefile(second.folder / sound)


def is_done_unless_killed(work, at):
    """Do the work in a process that ends before the n-th line of what writes; whether it came to its end."""
    child = os.fork()
    if child == 0:
        left = [at]

        def trace(frame, event, _argument):
            if frame.f_code.co_filename not in TRACED:
                return None
            if event == "line":
                left[0] -= 1
                if left[0] < 0:
                    os._exit(9)
            return trace

        try:
            sys.settrace(trace)
            work()
            os._exit(0)
        finally:
            os._exit(1)
    ended = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert ended in (0, 9)
    return ended == 0


@pytest.fixture
def no_sync(monkeypatch):
    """What was written survives a process that is killed; waiting for the disk is for power cuts."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)


@pytest.mark.usefixtures("no_sync")
def test_killed_at_any_step_of_publishing_a_whole_edition_is_served_and_the_next_one_can_be_published(
    tmp_path,
):
    draft = write_guide(tmp_path / "draft", ONLY_TEXTS)
    changed = write_guide(tmp_path / "changed", CHANGED_TEXTS)
    whole = {1: tree(draft), 2: tree(changed)}
    first = tmp_path / "first"
    Editions(first, "valley").publish(draft, 1)
    seen = []
    for step in range(10_000):
        folder = tmp_path / str(step)
        shutil.copytree(first, folder)
        is_done = is_done_unless_killed(lambda: Editions(folder, "valley").publish(changed, 2), step)  # noqa: B023
        served = Editions(folder, "valley").current()
        seen.append(served.number)
        assert tree(served.folder) == whole[served.number]
        following = Editions(folder, "valley").publish(draft, 3)
        assert following.number > served.number
        assert not list(folder.glob(".new-*"))
        if is_done:
            break
    assert seen == sorted(seen)
    assert set(seen) == {1, 2}


@pytest.mark.usefixtures("no_sync")
def test_killed_at_any_step_of_replacing_a_draft_the_old_or_the_new_one_is_there_whole(tmp_path):
    seen = []
    for step in range(10_000):
        draft = write_guide(tmp_path / str(step) / "draft", ONLY_TEXTS)
        new = write_guide(tmp_path / str(step) / "new", CHANGED_TEXTS)
        old, wanted = tree(draft), tree(new)
        is_done = is_done_unless_killed(lambda: replace_folder(draft, new), step)  # noqa: B023
        settle(draft)
        assert tree(draft) in (old, wanted)
        seen.append(tree(draft) == wanted)
        if is_done:
            break
    assert seen == sorted(seen)
    assert set(seen) == {False, True}


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    folder = write_guide(tmp_path / "shipped")
    monkeypatch.setattr(guides_module, "shipped_guide", lambda town: folder if town == "valley" else None)
    return folder


def published(guides):
    return [each.number for each in guides.editions("valley").list()]


def test_the_guide_that_ships_is_published_once_and_can_be_edited(tmp_path, shipped):
    guides = Guides(tmp_path / "guides")
    guides.begin("valley", 1)
    guides.begin("valley", 2)
    assert published(guides) == [1]
    assert guides.current("valley").guide.town == "valley"
    assert tree(guides.draft("valley")) == tree(shipped)


def test_a_newer_guide_that_ships_takes_the_place_of_the_one_before(tmp_path, shipped):
    guides = Guides(tmp_path / "guides")
    guides.begin("valley", 1)
    write_guide(shipped, CHANGED)
    guides.begin("valley", 2)
    assert title(guides.current("valley")) == "新しい洞口"
    assert tree(guides.draft("valley")) == tree(shipped)


def test_a_newer_guide_that_ships_does_not_undo_a_roll_back_at_the_next_start(tmp_path, shipped):
    guides = Guides(tmp_path / "guides")
    guides.begin("valley", 1)
    write_guide(shipped, CHANGED)
    guides.begin("valley", 2)
    guides.editions("valley").roll_back(1)
    guides.begin("valley", 3)
    assert title(guides.current("valley")) == "洞口"


def test_a_newer_guide_that_ships_leaves_what_the_office_changed(tmp_path, shipped):
    guides = Guides(tmp_path / "guides")
    guides.begin("valley", 1)
    write_guide(guides.draft("valley"), CHANGED)
    changed = tree(guides.draft("valley"))
    (shipped / "sights/101/en.md").unlink()
    guides.begin("valley", 2)
    assert published(guides) == [1]
    assert tree(guides.draft("valley")) == changed


def test_a_start_that_was_killed_after_publishing_is_ended_by_the_next_one(tmp_path, shipped):
    guides = Guides(tmp_path / "guides")
    guides.editions("valley").publish(shipped, 1)
    guides.begin("valley", 2)
    assert published(guides) == [1]
    assert tree(guides.draft("valley")) == tree(shipped)


def test_a_draft_of_the_office_is_neither_published_nor_replaced_by_the_guide_that_ships(tmp_path, shipped):
    guides = Guides(tmp_path / "guides")
    draft = write_guide(guides.draft("valley"), CHANGED)
    before = tree(draft)
    guides.begin("valley", 1)
    assert guides.current("valley") is None
    assert tree(draft) == before


def test_a_town_for_which_no_guide_ships_begins_with_none(tmp_path, shipped):
    guides = Guides(tmp_path / "guides")
    guides.begin("hill", 1)
    assert guides.current("hill") is None
    assert not Path(guides.draft("hill")).exists()
