"""A town's page in a real browser, on a real Redis and chDB."""

import itertools
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from browser.accessibility import violations
from browser.conftest import serve
from fakes.town_day import DAY, HOUR, MINUTE, TOWN, TownDay, busy_day
from fakes.town_weeks import weeks
from meguri_dashboard.app import Pace, create_app
from meguri_dashboard.server import Server
from meguri_proto.key_days import day_date
from meguri_proto.towns import parse_town
from playwright.sync_api import expect

OURS = {
    path.stem: parse_town(path.read_text("utf-8"), path.name)
    for path in sorted((Path(__file__).parents[2] / "infra" / "towns").glob("*.yaml"))
}
NAMES = ("busy", "empty", "early", "lost", "live", "tables", "first", "polling")
TOWNS = {name: replace(TOWN, town=name) for name in NAMES} | OURS
WEEK = f"?from={day_date(DAY - 6)}&to={day_date(DAY)}"
VIEWS = [
    *("busy", "empty", "early", "lost", "nowhere"),
    *OURS,
    f"mine?from={day_date(DAY - 364)}&to={day_date(DAY)}",
    *("mine/guide", "empty/guide", "early/guide"),
    f"mine/guide?from={day_date(DAY - 24)}&to={day_date(DAY - 1)}",
]
"""A busy day, empty states, a lost day, both of our towns, and a year of one; the guide's page likewise."""
LOOKS = [("en-GB", "light"), ("ja-JP", "dark")]
"""Of one template; views take turns."""
AT = TOWN.day_bounds_ms(DAY)[0] + 10 * HOUR
SCREENSHOT = Path(__file__).parents[2] / "services" / "dashboard" / "screenshot.png"


@pytest.fixture(scope="module")
def address(store, redis_url, page_fonts):
    busy_day(store, DAY - 1, town="busy", until_ms=24 * HOUR, complete=1)
    for town in ("busy", "tables"):
        busy_day(store, town=town, late=37)
    TownDay(store, town="early").day(HOUR)
    lost = TownDay(store, town="lost")
    lost.heard("shop", 5 * HOUR)
    lost.day(6 * HOUR)
    lost.seal(lost=1)
    for town in OURS.values():
        weeks(store, town, DAY, before=24)
        at_ms = town.day_bounds_ms(DAY)[0] + 11 * HOUR + 20 * MINUTE
        say(
            redis_url,
            town.town,
            at_ms,
            **dict(zip(town.places, (64, 18, 43, 37, 22, 3, 12, 0), strict=False)),
        )
    for town in ("busy", "tables", "live"):
        say(redis_url, town, AT, station=43, hall=3)
    pace = Pace(watch_every_s=0.1, reconnect_s=0.1)
    with serve(create_app(towns=TOWNS, store=store, redis_url=redis_url, pace=pace), Server) as address:
        yield f"{address}/towns"


@pytest.fixture
def page(browser):
    with browser.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB") as context:
        page = context.new_page()
        page.set_default_timeout(60_000)  # a first view draws its charts; test machines are busy
        yield page


def say(redis_url, town, at_ms, **active):
    """What the flow does when the live numbers of a town change."""
    message = json.dumps({"town_time_ms": at_ms, "key_day": DAY, "active": active, "sensors": {}})
    with redis.Redis.from_url(redis_url) as client:
        client.set(f"live:{town}", message)
        client.publish(f"live:{town}", message)


def live_number(page, place, number):
    return page.locator("#live dl > div", has_text=place).locator("b", has_text=number)


def events_arrive(page, address):
    """Open a page and wait until its stream of events is open too."""
    with page.expect_response("**/events"):
        page.goto(address)
    page.evaluate("window.loadedOnce = true")


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        (
            "en-GB",
            [
                "about 45",
                "fewer than 5",
                "Friday 4 October 2024",
                "so far, as of 13:50",
                "Signals that came late: 37.",
                "Roadside station was busiest 10:00–11:00: about 20 arrivals.",
                "About 7 in 10 stays at Roadside station lasted 30 min or longer.",
                "gate",
            ],
        ),
        (
            "ja-JP",
            [
                "約45件",
                "5件未満",
                "2024年10月4日（金）",
                "途中（13:50現在）",
                "遅れて届いた信号が37件あります。",
                "道の駅の到着が最も多かったのは10:00～11:00で、約20件でした。",
                "道の駅では滞在のおよそ7割が30分以上でした。",
                "gate",
            ],
        ),
    ],
)
def test_the_page_shows_its_numbers_in_the_browsers_language(browser, address, locale, words):
    with browser.new_context(locale=locale) as context:
        page = context.new_page()
        page.goto(f"{address}/busy")
        assert page.locator("html").get_attribute("lang") == locale[:2]
        text = page.locator("main").inner_text()
        assert [word for word in words if word not in text] == []


def test_the_switch_takes_one_tap_and_is_remembered(page, address):
    page.goto(f"{address}/busy")
    page.get_by_role("link", name="日本語").click()
    assert page.locator("html").get_attribute("lang") == "ja"
    page.goto(f"{address}/empty")
    assert page.locator("html").get_attribute("lang") == "ja"


def test_live_numbers_change_on_the_page_without_a_reload(page, address, redis_url):
    events_arrive(page, f"{address}/live")
    live_number(page, "Roadside station", "45").wait_for()
    say(redis_url, "live", AT + MINUTE, station=61, hall=12)
    live_number(page, "Roadside station", "60").wait_for()
    live_number(page, "Tea hall", "10").wait_for()
    assert page.locator("#live time").inner_text() == "as of 14:01"
    assert page.evaluate("window.loadedOnce")


def test_new_figures_of_the_day_come_in_place_and_leave_table_and_focus_as_they_are(page, address, store):
    events_arrive(page, f"{address}/tables")
    summary = page.locator("#arrivals-table summary")
    summary.click()
    assert page.locator("#arrivals-table td", has_text="about 10").count() == 2
    day = TownDay(store, town="tables")
    day.stays(33, "hall", 8 * HOUR)
    day.day(10 * HOUR + 5 * MINUTE, version=2)
    page.locator("#arrivals-table td", has_text="about 35").first.wait_for()
    assert page.locator("#arrivals-table").get_attribute("open") is not None
    assert page.evaluate("document.activeElement.closest('details')?.id") == "arrivals-table"
    assert page.evaluate("window.loadedOnce")


def test_the_first_day_appears_by_itself_with_its_picker(page, address, store):
    events_arrive(page, f"{address}/first")
    assert page.get_by_role("heading", name="No day yet").is_visible()
    assert page.locator(".picker").count() == 0
    busy_day(store, town="first")
    page.get_by_role("heading", name="Friday 4 October 2024").wait_for()
    assert page.locator(".picker").count() == 1


def test_where_no_event_arrives_the_page_asks_by_itself(browser, store, redis_url, page_fonts):
    towns = {"polling": TOWNS["polling"]}
    pace = Pace(poll_after_s=0.3, watch_every_s=0.1)
    with (
        serve(create_app(towns=towns, store=store, redis_url=redis_url, pace=pace), Server) as address,
        browser.new_context(locale="en-GB") as context,
    ):
        page = context.new_page()
        page.route("**/events", lambda route: route.abort())
        page.goto(f"{address}/towns/polling")
        page.evaluate("window.loadedOnce = true")
        say(redis_url, "polling", AT, station=20)
        live_number(page, "Roadside station", "20").wait_for()
        assert page.evaluate("window.loadedOnce")


def test_a_lost_connection_is_said_and_the_word_taken_back(page, address):
    events_arrive(page, f"{address}/busy")
    page.context.set_offline(True)
    page.evaluate("dispatchEvent(new Event('offline'))")
    assert "The connection to this page's server is lost." in page.locator("#lost").text_content()
    # An answer that was on its way still comes in and takes the word back, so the page asks until it stands.
    page.wait_for_function("renew('live').then(() => !lost.hidden)")
    page.context.set_offline(False)
    page.wait_for_function("renew('live').then(() => lost.hidden)")


def test_while_redis_is_away_live_numbers_stop_and_the_day_stays(page, store, tmp_path, page_fonts):
    from meguri.engines.ports import free_ports
    from meguri.engines.redis import server_binary

    (port,) = free_ports(1)
    url = f"redis://127.0.0.1:{port}/0"

    def start():
        command = [server_binary(), "--port", str(port), "--save", "", "--dir", str(tmp_path)]
        server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        client = redis.Redis.from_url(url, retry=None)
        while True:
            try:
                client.ping()
            except redis.RedisError:
                assert server.poll() is None
            else:
                return server

    server = start()
    say(url, "busy", AT, station=43)
    towns = {"busy": TOWNS["busy"]}
    try:
        pace = Pace(watch_every_s=0.1, reconnect_s=0.1)
        with serve(create_app(towns=towns, store=store, redis_url=url, pace=pace), Server) as address:
            events_arrive(page, f"{address}/towns/busy")
            live_number(page, "Roadside station", "45").wait_for()
            server.kill()
            server.wait()
            page.get_by_text("Live numbers have stopped.").wait_for()
            assert page.locator("#live dl").count() == 0
            assert page.get_by_text("Roadside station was busiest").is_visible()
            server = start()
            page.get_by_text("No live numbers yet.").wait_for()
            say(url, "busy", AT + MINUTE, station=43)
            live_number(page, "Roadside station", "45").wait_for()
            assert page.evaluate("window.loadedOnce")
    finally:
        server.kill()
        server.wait()


def test_without_javascript_the_page_is_whole(browser, address):
    with browser.new_context(locale="en-GB", java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"{address}/busy")
        assert live_number(page, "Roadside station", "45").is_visible()
        page.locator("#dwell-table summary").click()
        assert page.locator("#dwell-table td").first.is_visible()
        page.locator("#dwell-definition summary").click()
        assert page.locator("#dwell-definition p").first.is_visible()
        page.get_by_label("From").fill("2024-10-03")
        page.get_by_label("to", exact=True).fill("2024-10-03")
        page.get_by_role("button", name="Show").click()
        assert page.get_by_role("heading", name="Thursday 3 October 2024").is_visible()
        assert page.locator(".period-head .badge").inner_text() == "complete"
        page.get_by_role("link", name="7 days").click()
        assert page.get_by_role("heading", name="28 September – 4 October 2024").is_visible()
        assert page.get_by_text("5 of 7 days have no figures").is_visible()


def test_everything_that_acts_is_reached_by_the_keyboard_and_shows_that_it_is(page, address):
    page.goto(f"{address}/busy")
    reached = []
    for _ in range(80):
        page.keyboard.press("Tab")
        focus = page.evaluate(
            """() => {
                const at = document.activeElement, style = getComputedStyle(at);
                const seen = at.checkVisibility() && at.getBoundingClientRect().top >= 0;
                const name = at.getAttribute("aria-label") ?? at.textContent.trim().slice(0, 20);
                const shows = style.outlineStyle !== "none" && seen;
                return at === document.body ? null : [at.localName, name, shows];
            }"""
        )
        if focus is None:
            break
        reached.append(focus)
    assert [name for _, name, _ in reached][:3] == ["Skip to the figures", "Meguri", "日本語"]
    blocks = page.locator(".block").count()
    assert [tag for tag, _, _ in reached].count("summary") > blocks
    assert {"input", "button", "a"} <= {tag for tag, _, _ in reached}
    assert [name for _, name, shows in reached if not shows] == []


def test_the_skip_link_leads_to_the_figures(page, address):
    page.goto(f"{address}/busy")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/busy#main")
    assert page.evaluate("document.activeElement.id") == "main"


@pytest.mark.parametrize(
    ("view", "locale", "scheme"),
    [(view, *look) for view, look in zip(VIEWS, itertools.cycle(LOOKS), strict=False)]
    + [("busy", *LOOKS[1]), ("mine/guide", *LOOKS[1])],
)
def test_axe_finds_nothing(browser, address, view, locale, scheme):
    with browser.new_context(locale=locale, color_scheme=scheme, bypass_csp=True) as context:
        page = context.new_page()
        page.set_default_timeout(60_000)  # as above
        page.goto(f"{address}/{view}")
        page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
        assert violations(page) == {}


@pytest.mark.parametrize("locale", ["en-GB", "ja-JP"])
def test_a_first_view_loads_from_its_own_origin_alone_and_less_than_350_kb(browser, address, locale):
    with browser.new_context(locale=locale, viewport={"width": 360, "height": 800}) as context:
        page = context.new_page()
        sizes = []
        network = context.new_cdp_session(page)
        network.send("Network.enable")
        network.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
        origins = set()
        page.on("request", lambda request: origins.add("/".join(request.url.split("/")[:3])))
        page.goto(f"{address}/busy")
        page.evaluate("document.fonts.ready")
        page.wait_for_timeout(200)  # the browser says what was loaded a little after it was
        assert origins == {address.removesuffix("/towns")}
        assert 60_000 < sum(sizes) < 350_000


@pytest.mark.parametrize("locale", ["en-GB", "ja-JP"])
def test_on_a_phone_nothing_is_wider_than_the_screen(browser, address, locale):
    with browser.new_context(locale=locale, viewport={"width": 360, "height": 800}) as context:
        page = context.new_page()
        for view in VIEWS:
            page.goto(f"{address}/{view}")
            page.evaluate("document.querySelectorAll('details').forEach(details => details.open = true)")
            assert page.evaluate("document.documentElement.scrollWidth") == 360, view


@pytest.mark.parametrize(
    ("width", "shown"), [(360, "chart-narrow"), (680, "chart-wide"), (1280, "chart-wide")]
)
def test_each_width_shows_one_drawing_of_each_chart_and_fits_it(browser, address, width, shown):
    with browser.new_context(viewport={"width": width, "height": 800}) as context:
        page = context.new_page()
        page.goto(f"{address}/busy")
        visible = page.locator(".chart:visible")
        assert {chart.get_attribute("class") for chart in visible.all()} == {f"chart {shown}"}
        for chart in visible.all():
            assert chart.locator("svg").bounding_box()["width"] <= chart.bounding_box()["width"] + 0.5


@pytest.mark.parametrize("locale", ["en-GB", "ja-JP"])
def test_every_letter_is_set_in_the_pages_own_font(browser, address, locale):
    with browser.new_context(locale=locale) as context:
        page = context.new_page()
        page.goto(f"{address}/busy")
        page.evaluate("document.fonts.ready")
        dom = context.new_cdp_session(page)
        for domain in ("DOM", "CSS"):
            dom.send(f"{domain}.enable")
        root = dom.send("DOM.getDocument", {"depth": -1})["root"]["nodeId"]
        nodes = dom.send(
            "DOM.querySelectorAll", {"nodeId": root, "selector": "main :is(p, h1, h2, h3, th, td, text)"}
        )
        fonts = {
            font["familyName"]
            for node in nodes["nodeIds"]
            for font in dom.send("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
        }
        assert fonts == {"BIZ UDPGothic"}


def test_on_paper_every_table_is_open_and_what_needs_a_screen_is_gone(page, address):
    page.goto(f"{address}/busy")
    assert not page.locator("#arrivals-table table").is_visible()
    page.emulate_media(media="print")
    for block in ("arrivals", "dwell", "sensors"):
        table = page.locator(f"#{block}-table table")
        assert table.is_visible()
        assert table.bounding_box()["height"] > 50
    for gone in (".switch", ".picker", "summary", ".skip"):
        assert not page.locator(gone).first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_the_empty_states_say_what_will_come(page, address):
    page.goto(f"{address}/empty")
    assert page.get_by_text("No live numbers yet.").is_visible()
    assert page.get_by_role("heading", name="No day yet").is_visible()
    page.goto(f"{address}/early")
    for title in (
        "No arrivals to show yet",
        "No lengths of stay yet",
        "No moves to show yet",
        "No sensor heard",
    ):
        assert page.get_by_role("heading", name=title).is_visible()
    assert page.locator("svg.chart, table").count() == 0


def test_on_paper_a_week_of_a_town_has_its_map_charts_and_tables_within_the_page(page, address):
    page.goto(f"{address}/mine{WEEK}")
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 680, "height": 1000})  # A4 less its margins
    for seen in (".now .map", "#moves .map", "#moves-table table", "#arrivals-definition p"):
        assert page.locator(f"{seen}:visible").count(), seen
    assert page.evaluate("document.documentElement.scrollWidth") <= 680


def test_a_place_on_the_map_leads_to_its_figures(page, address):
    page.goto(f"{address}/mine")
    page.locator(".now .map:visible a[aria-label^='Shopping street']").click()
    target = page.locator(":target")
    assert "Shopping street" in target.inner_text()
    expect(target).to_be_in_viewport()


def test_a_preset_shows_its_period_and_the_link_beside_the_one_before(page, address):
    page.goto(f"{address}/minamiyamashiro")
    page.get_by_role("link", name="7 days").click()
    assert page.get_by_role("heading", name="28 September – 4 October 2024").is_visible()
    assert page.locator("[aria-current=page]").inner_text() == "7 days"
    page.get_by_role("link", name="Earlier:").click()
    assert page.get_by_role("heading", name="21 September – 27 September 2024").is_visible()


def test_the_list_of_towns_tells_what_is_true_in_each_now(page, address):
    page.goto(address.removesuffix("/towns"))
    mine = page.locator(".towns > li", has_text="Mine Akiyoshido")
    assert mine.get_by_text("about 195").is_visible()
    assert page.locator(".towns > li").count() == len(TOWNS)


@pytest.mark.skipif(not os.environ.get("MEGURI_SCREENSHOT"), reason="MEGURI_SCREENSHOT asks for it")
def test_the_picture_of_the_readme_is_taken(browser, address):
    """Only where it is asked for, so that a test run leaves the checkout as it is."""
    with browser.new_context(locale="en-GB", viewport={"width": 1280, "height": 1000}) as context:
        page = context.new_page()
        page.goto(f"{address}/mine")
        live_number(page, "Car park", "65").wait_for()
        page.evaluate("document.fonts.ready")
        picture = page.screenshot()
        assert len(picture) < 250_000
        SCREENSHOT.write_bytes(picture)
