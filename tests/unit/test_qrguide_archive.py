"""A guide as one zip: what leaves can enter, and what no guide is is refused with a reason."""

import io
import stat
import zipfile
import zlib

import pytest
from fakes.guide_folder import GUIDE, TEXTS, tree, write_guide
from meguri_qrguide.content import archive
from meguri_qrguide.content.archive import export_zip, import_zip
from meguri_qrguide.content.folder import list_files
from meguri_qrguide.content.problems import ContentError

TEXT = TEXTS["sights/101/en.md"]


@pytest.fixture
def packed(tmp_path):
    return export_zip(write_guide(tmp_path / "guide")).read()


@pytest.fixture
def draft(tmp_path):
    """A draft that is there before anything is imported."""
    return write_guide(tmp_path / "drafts" / "draft", {"sights/101/fr.md": "---\ntitle: a\nlead: b\n---\n"})


def with_entries(packed, *entries):
    """The zip with more entries: an `ZipInfo` or a name, and the content."""
    file = io.BytesIO(packed)
    with zipfile.ZipFile(file, "a") as opened:
        for info, content in entries:
            opened.writestr(info, content)
    return file.getvalue()


def named(name, mode=0o644, compress_type=zipfile.ZIP_DEFLATED):
    info = zipfile.ZipInfo("placeholder")
    info.filename = info.orig_filename = name  # the constructor would make a harmless name of it
    info.external_attr = (mode | (0 if stat.S_IFMT(mode) else stat.S_IFREG)) << 16
    info.compress_type = compress_type
    return info


def refused(packed, draft):
    """What the import says; the draft has to stay as it was, with nothing beside it."""
    before = tree(draft)
    with pytest.raises(ContentError) as error:
        import_zip(io.BytesIO(packed), draft, "valley")
    assert tree(draft) == before
    assert [each.name for each in draft.parent.iterdir() if not each.name.endswith(".lock")] == ["draft"]
    return "\n".join(map(str, error.value.problems))


def test_a_guide_that_left_takes_the_place_of_the_draft_as_a_whole(packed, draft, tmp_path):
    import_zip(io.BytesIO(packed), draft, "valley")
    assert tree(draft) == tree(tmp_path / "guide")
    assert [each.name for each in draft.parent.iterdir() if not each.name.endswith(".lock")] == ["draft"]


def test_a_guide_enters_where_no_draft_was(packed, tmp_path):
    import_zip(io.BytesIO(packed), tmp_path / "a" / "draft", "valley")
    assert tree(tmp_path / "a" / "draft") == tree(tmp_path / "guide")


def test_the_same_files_give_the_same_zip(packed, tmp_path):
    assert export_zip(write_guide(tmp_path / "again")).read() == packed


def test_a_zip_with_entries_for_folders_is_taken(packed, draft, tmp_path):
    import_zip(io.BytesIO(with_entries(packed, (named("sights/", 0o40755), b""))), draft, "valley")
    assert tree(draft) == tree(tmp_path / "guide")


def test_a_folder_with_a_file_that_no_guide_has_does_not_leave(tmp_path):
    folder = write_guide(tmp_path, {"notes.txt": "x"})
    with pytest.raises(ContentError, match=r"notes\.txt: A guide has no such file"):
        export_zip(folder)


def test_a_folder_that_loses_a_file_while_it_leaves_does_not_leave(tmp_path, monkeypatch):
    folder = write_guide(tmp_path)
    found = list_files(folder)
    monkeypatch.setattr(archive, "list_files", lambda _folder: found)
    (folder / "sights/101/en.md").unlink()
    with pytest.raises(ContentError, match=r"sights/101/en\.md: The folder was changed meanwhile"):
        export_zip(folder)


WRONG_ENTRIES = {
    "a path outside": (named("../draft/guide.yaml"), "../draft/guide.yaml: The path leads out"),
    "a path outside from within": (named("sights/../../x.md"), "The path leads out"),
    "an absolute path": (named("/etc/cron.d/x"), "/etc/cron.d/x: The path is absolute"),
    "a drive": (named("C:/guide.yaml"), "C:/guide.yaml: The path is absolute"),
    "a drive's own folder": (named("c:guide.yaml"), "The path is absolute"),
    "a path of another system": (named(r"sights\101\fr.md"), "Folders are divided by /"),
    "a share of another system": (named(r"\\server\share\x"), "Folders are divided by /"),
    "a path that is not plain": (named("sights//101/fr.md"), "is not plain"),
    "a folder of its own": (named("valley/guide.yaml"), "Zip what is in the guide's folder"),
    "a link": (named("sights/101/fr.md", stat.S_IFLNK | 0o777), "sights/101/fr.md: This is a link"),
    "a device": (named("sights/101/fr.md", stat.S_IFCHR | 0o666), "This is a link or a device"),
    "a file twice": (named("sights/101/ja.md"), "sights/101/ja.md: The zip holds this twice"),
    "a file twice by case": (named("sights/101/JA.md"), "the same name as sights/101/ja.md"),
    "an unknown file": (named("sights/101/run.sh"), "sights/101/run.sh: A guide has no such file"),
    "an unknown file at the top": (named("__MACOSX/._guide.yaml"), "A guide has no such file"),
    "another packing": (named("sights/101/fr.md", compress_type=zipfile.ZIP_LZMA), "Zip with deflate"),
    "a name that reads backwards": (
        named("sights/101/\u202efr.md"),
        r"sights/101/\u202efr.md: A guide has no such file",
    ),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("case", WRONG_ENTRIES)
def test_a_zip_is_refused_with_(case, packed, draft):
    info, sentence = WRONG_ENTRIES[case]
    assert sentence in refused(with_entries(packed, (info, TEXT)), draft)


def test_a_zip_is_refused_whose_text_unpacks_to_gigabytes(packed, draft):
    bomb = with_entries(packed, (named("sights/101/fr.md"), bytes(50_000_000)))
    assert len(bomb) < 1_000_000
    assert "sights/101/fr.md: It has 50 MB; a text may have 64 kB" in refused(bomb, draft)


@pytest.mark.parametrize("more", [0, 1], ids=["checksum of what it says", "checksum of a byte more"])
def test_a_zip_is_refused_whose_entry_is_larger_than_it_says(more, packed, draft):
    content = TEXT.encode() + b"x" * 5_000_000
    bomb = with_entries(packed, (named("sights/101/fr.md"), content))
    lies = {
        len(content): len(TEXT),
        zlib.crc32(content): zlib.crc32(content[: len(TEXT) + more]),
    }
    for true, said in lies.items():
        assert bomb.count(true.to_bytes(4, "little")) == 2  # at the entry, and in the index
        bomb = bomb.replace(true.to_bytes(4, "little"), said.to_bytes(4, "little"))
    assert refused(bomb, draft).startswith(
        "sights/101/fr.md: It unpacks to other than" if more else "sights/101/fr.md: It is damaged"
    )


def test_a_zip_is_refused_that_is_larger_than_a_guide_may_be(packed, draft, monkeypatch):
    monkeypatch.setattr("meguri_qrguide.content.folder.MOST_BYTES", len(packed) - 1)
    assert "are too much: a guide may have 2,000 files" in refused(packed, draft)


def test_a_zip_is_refused_whose_files_are_too_much_together(packed, draft, tmp_path, monkeypatch):
    monkeypatch.setattr("meguri_qrguide.content.folder.MOST_BYTES", len(packed))
    texts = [(named(f"sights/101/sound.{each}.m4a"), bytes(100_000)) for each in ("en", "fr")]
    full = with_entries(packed, *texts)
    assert len(full) - len(packed) < 1_000
    monkeypatch.setattr("meguri_qrguide.content.folder.MOST_BYTES", len(full))
    assert "are too much: a guide may have 2,000 files" in refused(full, draft)


def test_a_zip_is_refused_with_more_files_than_a_guide_has(packed, draft):
    many = with_entries(packed, *((named(f"sights/{number}/fr.md"), b"") for number in range(1, 2_001)))
    assert "2,012 files" in refused(many, draft)


def test_a_zip_is_refused_with_more_entries_than_can_be_looked_at(packed, draft):
    many = with_entries(packed, *((named(f"sights/{number}/"), b"") for number in range(1, 4_100)))
    assert "files with 0 MB are too much" in refused(many, draft)


def test_a_zip_is_refused_that_is_locked(packed, draft):
    locked = bytearray(packed)
    at = locked.index(b"PK\x01\x02")
    locked[at + 8] |= 1
    assert "It is locked with a password" in refused(bytes(locked), draft)


def test_a_zip_is_refused_that_is_damaged(packed, draft):
    damaged = bytearray(packed)
    at = damaged.index(b"AVIF" if b"AVIF" in damaged else b"ftypavif")
    damaged[at] ^= 1
    assert "cave-mouth.avif: It is damaged" in refused(bytes(damaged), draft)


@pytest.mark.parametrize(
    "content", [b"", b"no zip", b"PK\x05\x06" + b"\xff" * 18], ids=["empty", "text", "end alone"]
)
def test_what_is_no_zip_is_refused(content, draft):
    assert "This is no whole zip file" in refused(content, draft)


def test_a_zip_that_is_cut_off_is_refused(packed, draft):
    assert "This is no whole zip file" in refused(packed[: len(packed) // 2], draft)


def test_a_zip_of_a_guide_that_cannot_be_used_is_refused_by_file_and_line(draft, tmp_path):
    folder = write_guide(tmp_path / "wrong", {"sights/101/fr.md": f"{TEXT}\n<script>alert(1)</script>\n"})
    said = refused(export_zip(folder).read(), draft)
    assert said.startswith("sights/101/fr.md, line 8: Raw HTML is not taken.")


def test_another_towns_zip_is_refused(draft, tmp_path):
    folder = write_guide(tmp_path / "hill", {"guide.yaml": GUIDE.replace("town: valley", "town: hill")})
    assert "This is the guide of hill, not of valley" in refused(export_zip(folder).read(), draft)
