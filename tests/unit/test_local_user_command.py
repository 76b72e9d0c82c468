"""`meguri user` and the first link: who may sign in to the office of a run."""

import asyncio
from types import SimpleNamespace

import pytest
from meguri.errors import LocalRunError
from meguri.user_command import JOIN, first_link, user_operations
from meguri_kit.registry import OFFICE, Registry, User, Users
from meguri_qrguide.office import sign_in

GUIDE = "http://127.0.0.1:8602"


@pytest.fixture
def running(tmp_path):
    registry = Registry(f"sqlite:///{tmp_path}/registry.db")
    yield SimpleNamespace(services=SimpleNamespace(registry=registry), addresses={"guide": GUIDE})
    registry.close()


def ask(running, operation, **request):
    return asyncio.run(user_operations(running)[operation](request))


def join(running, link):
    users = Users(running.services.registry)
    token = link.removeprefix(f"{GUIDE}{JOIN}")
    now_ms = 0
    return users.accept(token, "a hash", now_ms)


def test_the_first_start_has_a_link_and_a_start_with_users_has_none(running):
    link = first_link(running)
    assert link.startswith(f"{GUIDE}/office/join/")
    assert join(running, link) == User("office", OFFICE)
    assert first_link(running) is None


def test_a_second_start_without_a_user_voids_the_first_link(running):
    first, second = first_link(running), first_link(running)
    assert join(running, first) is None
    assert join(running, second) == User("office", OFFICE)


def test_a_user_is_invited_listed_and_removed(running):
    invited = ask(running, "user-invite", name="Hanako")
    assert invited["name"] == "hanako"
    assert ask(running, "user-list") == {"users": []}
    join(running, invited["link"])
    assert ask(running, "user-list") == {"users": [{"name": "hanako", "role": "office"}]}
    assert ask(running, "user-remove", name="HANAKO") == {"name": "hanako"}
    with pytest.raises(LocalRunError, match="There is no user hanako"):
        ask(running, "user-remove", name="hanako")


def test_a_name_that_cannot_be_is_said_so(running):
    with pytest.raises(LocalRunError, match="1 to 64 printable characters"):
        ask(running, "user-invite", name=" ")


def test_the_link_leads_where_the_guide_has_it():
    assert f"{sign_in.JOIN}/" == JOIN
