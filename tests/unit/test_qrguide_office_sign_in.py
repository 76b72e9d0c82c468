"""Signing in to the office: each refusal, and that nothing tells who is known."""

import re

import pytest
from fakes.office import PASSWORD, OfficeWorld

HOUR_MS = 3_600_000


@pytest.fixture
def world(tmp_path):
    world = OfficeWorld(tmp_path)
    yield world
    world.close()


def sign_in(browser, name="hanako", password=PASSWORD, following="", **headers):
    return browser.client.post(
        "/office/sign-in",
        data={"name": name, "password": password, "next": following},
        headers={"Accept-Language": "en", **headers},
    )


def test_who_is_not_signed_in_is_asked_to_and_comes_back_to_the_page(world):
    world.signed_in().client.close()
    browser = world.browser()
    asked = browser.get("/office/guides/mine/publish")
    assert (asked.status_code, asked.headers["location"]) == (
        303,
        "/office/sign-in?next=/office/guides/mine/publish",
    )
    assert 'value="/office/guides/mine/publish"' in browser.get(asked.headers["location"]).text
    done = sign_in(browser, following="/office/guides/mine/publish")
    assert (done.status_code, done.headers["location"]) == (303, "/office/guides/mine/publish")
    assert browser.get("/office/guides/mine/publish").status_code == 200


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example/", "//evil.example", "/office//evil.example", "/office/\\evil", "/s/1"],
)
def test_signing_in_leads_to_no_page_outside_the_office(world, elsewhere):
    world.signed_in()
    assert sign_in(world.browser(), following=elsewhere).headers["location"] == "/office"


@pytest.mark.parametrize("name", ["HANAKO", " hanako ", "\uff28anako"])
def test_a_name_may_be_typed_in_any_way(world, name):
    world.signed_in()
    assert sign_in(world.browser(), name=name).status_code == 303


def test_a_wrong_password_and_an_unknown_name_get_the_same_answer_and_cost_the_same(world, monkeypatch):
    world.signed_in()
    passwords = world.office._parts[0]._passwords
    checked = []
    fits = passwords._hasher.verify
    monkeypatch.setattr(
        type(passwords._hasher),
        "verify",
        lambda _self, kept, typed: checked.append(kept) or fits(kept, typed),
    )
    answers = [sign_in(world.browser(), name, "wrong wrong wrong") for name in ("hanako", "taro")]
    assert [each.status_code for each in answers] == [401, 401]
    pages = [re.sub("hanako|taro", "", each.text) for each in answers]
    assert pages[0] == pages[1]
    assert "The name or the password is wrong." in pages[0]
    assert len(checked) == 2, "a password was checked for the unknown name too"
    assert len({len(kept) for kept in checked}) == 1


@pytest.mark.parametrize("name", ["hanako", "taro"])
def test_guessing_a_name_has_to_wait_whether_or_not_there_is_such_a_user(world, name):
    world.signed_in()
    answers = [sign_in(world.browser(), name, "wrong wrong wrong").status_code for _ in range(5)]
    assert answers == [401, 401, 401, 429, 429]
    world.clock.ms += 1_000
    assert sign_in(world.browser(), name, "wrong wrong wrong").status_code == 401
    world.clock.ms += 1_000
    assert sign_in(world.browser(), name, "wrong wrong wrong").status_code == 429, "the wait has doubled"


def test_even_the_right_password_has_to_wait_and_other_names_need_not(world):
    world.signed_in()
    world.signed_in("jiro")
    for _ in range(3):
        sign_in(world.browser(), password="wrong wrong wrong")
    assert sign_in(world.browser()).status_code == 429
    assert sign_in(world.browser(), "jiro").status_code == 303
    world.clock.ms += 61_000
    assert sign_in(world.browser()).status_code == 303


def test_the_session_is_a_cookie_that_scripts_and_other_sites_do_not_get(world):
    world.signed_in()
    cookie = sign_in(world.browser()).headers["set-cookie"]
    assert re.fullmatch(
        r"meguri_office=[\w-]{43}; HttpOnly; Path=/office; SameSite=lax; Secure", cookie, re.IGNORECASE
    )


def test_the_cookie_is_not_for_https_alone_where_the_office_is_on_plain_loopback(world):
    world.signed_in()
    browser = world.browser()
    browser.client.base_url = "http://127.0.0.1:8602"
    assert "secure" not in sign_in(browser).headers["set-cookie"].lower()


def test_each_sign_in_has_a_session_of_its_own_and_ends_the_one_of_before(world):
    browser = world.signed_in()
    before = browser.client.cookies["meguri_office"]
    assert sign_in(browser).status_code == 303
    assert browser.client.cookies["meguri_office"] != before
    earlier = world.browser()
    earlier.client.cookies.set("meguri_office", before)
    assert earlier.get("/office").status_code == 303


def test_a_session_ends_by_signing_out_and_after_twelve_idle_hours(world):
    browser = world.signed_in()
    world.clock.ms += 11 * HOUR_MS
    assert browser.get("/office").status_code == 200
    world.clock.ms += 13 * HOUR_MS
    assert browser.get("/office").headers["location"].startswith("/office/sign-in")
    sign_in(browser)
    token = browser.client.cookies["meguri_office"]
    assert browser.post("/office/sign-out", of="/office").headers["location"] == "/office/sign-in"
    browser.client.cookies.set("meguri_office", token)
    assert browser.get("/office").status_code == 303


def test_a_one_time_link_lets_choose_a_password_once(world):
    link, browser = f"/office/join/{world.invite()}", world.browser()
    page = browser.get(link)
    assert page.status_code == 200
    assert 'value="hanako"' in page.text
    done = browser.client.post(link, data={"password": PASSWORD, "again": PASSWORD})
    assert (done.status_code, done.headers["location"]) == (303, "/office")
    assert browser.get("/office").status_code == 200
    for again in (
        browser.get(link),
        browser.client.post(link, data={"password": "x" * 12, "again": "x" * 12}),
    ):
        assert again.status_code == 410


def test_a_one_time_link_is_void_after_a_day(world):
    link = f"/office/join/{world.invite()}"
    world.clock.ms += 24 * HOUR_MS
    assert world.browser().get(link).status_code == 410
    sent = world.browser().client.post(link, data={"password": PASSWORD, "again": PASSWORD})
    assert sent.status_code == 410


@pytest.mark.parametrize(
    ("password", "again", "sentence"),
    [
        ("elevenchars", "elevenchars", "A password has 12 to"),
        ("", "", "A password has 12 to"),
        ("x" * 1_025, "x" * 1_025, "A password has 12 to"),
        ("a long enough one", "another long one", "The two passwords are not the same."),
    ],
)
def test_a_password_that_cannot_be_is_refused_and_the_link_stays_good(world, password, again, sentence):
    link, browser = f"/office/join/{world.invite()}", world.browser()
    refused = browser.client.post(
        link, data={"password": password, "again": again}, headers={"Accept-Language": "en"}
    )
    assert refused.status_code == 422
    assert sentence in refused.text
    assert world.users.everybody() == []
    assert browser.client.post(link, data={"password": "x" * 12, "again": "x" * 12}).status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "https://guide.example.evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_of_another_site_is_refused(world, headers):
    browser = world.signed_in()
    fields = browser.hidden("/office/guides/mine")
    sent = browser.client.post(
        "/office/guides/mine/sights/102/move", data={**fields, "to": "up"}, headers=headers
    )
    assert sent.status_code == 403
    assert "sights: [101, 102]" in world.read("guide.yaml")
    assert sign_in(world.browser(), **headers).status_code == 403


def test_a_form_of_our_own_page_is_taken(world):
    browser = world.signed_in()
    fields = browser.hidden("/office/guides/mine")
    headers = {"Origin": "https://guide.example", "Sec-Fetch-Site": "same-origin"}
    sent = browser.client.post(
        "/office/guides/mine/sights/102/move", data={**fields, "to": "up"}, headers=headers
    )
    assert sent.status_code == 303


@pytest.mark.parametrize("csrf", ["", "0" * 64, None])
def test_a_form_without_its_sessions_mark_is_refused(world, csrf):
    browser = world.signed_in()
    theirs = world.signed_in("taro").hidden("/office/guides/mine")["csrf"]
    data = {"to": "up", "csrf": theirs if csrf is None else csrf}
    sent = browser.client.post("/office/guides/mine/sights/102/move", data=data)
    assert sent.status_code == 403


def test_a_user_of_another_role_may_not_edit(world):
    browser = world.browser()
    link = f"/office/join/{world.invite('shop', 'shop')}"
    browser.client.post(link, data={"password": PASSWORD, "again": PASSWORD})
    page = browser.get("/office/guides/mine")
    assert page.status_code == 403
    assert "may not edit guides" in page.text


def test_a_form_that_is_too_large_is_refused_before_it_is_read(world):
    browser = world.signed_in()
    sent = browser.client.post(
        "/office/guides/mine/sights", headers={"Content-Length": "500000000"}, content=b""
    )
    assert sent.status_code == 413


def test_the_pages_let_nothing_in_from_elsewhere_and_are_kept_nowhere(world):
    headers = world.signed_in().get("/office/guides/mine").headers
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
