"""Users of the registry: one-time links that work once, sessions that end, passwords that nobody can read."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from argon2 import PasswordHasher
from meguri_kit.passwords import Passwords
from meguri_kit.registry import OFFICE, Registry, User, UserNameError, Users, user_name

HOUR_MS = 3_600_000
NOW_MS = 1_700_000_000_000
HANAKO = User("hanako", OFFICE)


@pytest.fixture
def registry(tmp_path):
    registry = Registry(f"sqlite:///{tmp_path}/registry.db")
    yield registry
    registry.close()


@pytest.fixture
def users(registry):
    return Users(registry)


@pytest.fixture(scope="module")
def passwords():
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


def joined(users, name="hanako", password_hash="a hash"):
    return users.accept(users.invite(name, OFFICE, NOW_MS), password_hash, NOW_MS)


def test_a_one_time_link_makes_its_user_once(users):
    token = users.invite("hanako", OFFICE, NOW_MS)
    assert users.everybody() == []
    assert users.invited(token, NOW_MS) == HANAKO
    assert users.accept(token, "first", NOW_MS) == HANAKO
    assert users.accept(token, "second", NOW_MS) is None
    assert users.invited(token, NOW_MS) is None
    assert users.everybody() == [HANAKO]
    assert users.password_hash("hanako") == "first"


@pytest.mark.parametrize(("hours", "is_good"), [(0, True), (23.99, True), (24, False), (100, False)])
def test_a_one_time_link_is_good_for_a_day(users, hours, is_good):
    token, later = users.invite("hanako", OFFICE, NOW_MS), NOW_MS + int(hours * HOUR_MS)
    assert (users.invited(token, later) is not None) == is_good
    assert (users.accept(token, "a hash", later) is not None) == is_good


def test_a_new_link_voids_the_earlier_ones_of_its_name_alone(users):
    first, others = users.invite("hanako", OFFICE, NOW_MS), users.invite("taro", OFFICE, NOW_MS)
    second = users.invite("hanako", OFFICE, NOW_MS)
    assert users.invited(first, NOW_MS) is None
    assert users.invited(second, NOW_MS) == HANAKO
    assert users.invited(others, NOW_MS) == User("taro", OFFICE)


def test_a_link_that_many_open_at_once_is_used_by_one(users):
    token = users.invite("hanako", OFFICE, NOW_MS)
    with ThreadPoolExecutor(4) as threads:
        accepted = list(threads.map(lambda n: users.accept(token, f"hash {n}", NOW_MS), range(8)))
    assert [each for each in accepted if each] == [HANAKO]


def test_a_session_names_its_user_until_it_was_idle_for_twelve_hours(users):
    joined(users)
    token = users.open_session("hanako", NOW_MS)
    later = NOW_MS + 11 * HOUR_MS
    assert users.of_session(token, later) == HANAKO
    assert users.of_session(token, later + 11 * HOUR_MS) == HANAKO, "using it prolonged it"
    assert users.of_session(token, later + 23 * HOUR_MS) is None
    assert users.of_session("another", NOW_MS) is None


def test_a_closed_session_is_over_and_others_go_on(users):
    joined(users)
    first, second = users.open_session("hanako", NOW_MS), users.open_session("hanako", NOW_MS)
    users.close_session(first)
    assert users.of_session(first, NOW_MS) is None
    assert users.of_session(second, NOW_MS) == HANAKO


def test_a_new_password_by_link_ends_every_session_of_before(users):
    joined(users)
    token = users.open_session("hanako", NOW_MS)
    joined(users, password_hash="another")
    assert users.of_session(token, NOW_MS) is None
    assert users.password_hash("hanako") == "another"


def test_who_is_removed_is_signed_out_and_cannot_come_back_by_link(users):
    joined(users)
    session, link = users.open_session("hanako", NOW_MS), users.invite("hanako", OFFICE, NOW_MS)
    assert [users.remove("hanako") for _ in range(2)] == [True, False]
    assert users.of_session(session, NOW_MS) is None
    assert users.accept(link, "a hash", NOW_MS) is None
    assert users.everybody() == []


def test_no_token_is_in_the_file(users, tmp_path):
    joined(users)
    tokens = [users.open_session("hanako", NOW_MS), users.invite("taro", OFFICE, NOW_MS)]
    held = (tmp_path / "registry.db").read_bytes()
    assert b"hanako" in held, "the search finds what is there"
    assert not [token for token in tokens if token.encode() in held]


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Hanako", "hanako"),
        ("  \uff28\uff41\uff4e\uff41\uff4b\uff4f ", "hanako"),  # full-width, as a Japanese keyboard has it
        ("観光  協会", "観光 協会"),
    ],
)
def test_a_name_is_the_same_however_it_is_typed(typed, name):
    assert user_name(typed) == name


@pytest.mark.parametrize("typed", ["", "   ", "a" * 65, "a\x00b", "a\u202eb"])
def test_a_name_that_cannot_be_read_is_none(typed):
    with pytest.raises(UserNameError, match="1 to 64 printable characters"):
        user_name(typed)


def test_a_password_fits_its_own_hash_alone_and_stands_in_no_hash(passwords):
    kept = passwords.hash("correct horse battery")
    assert kept.startswith("$argon2id$")
    assert "correct" not in kept
    assert kept != passwords.hash("correct horse battery"), "each has a salt of its own"
    assert passwords.fits("correct horse battery", kept)
    assert not passwords.fits("correct horse batterz", kept)


def test_nothing_fits_where_nothing_is_kept_or_what_is_kept_is_damaged(passwords):
    assert not passwords.fits("", None)
    assert not passwords.fits("correct horse battery", None)
    assert not passwords.fits("correct horse battery", "no hash")


def test_a_hash_of_an_earlier_cost_is_told_apart(passwords):
    kept = passwords.hash("correct horse battery")
    assert not passwords.is_too_cheap(kept)
    assert Passwords().is_too_cheap(kept)
