"""A browser, and apps behind real sockets."""

import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from conftest import skip_or_fail

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="module")
def browser():
    """Debian's Chromium where it is, else Playwright's own; closed with the module, as it holds the loop."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM if Path(CHROMIUM).exists() else None, args=ARGUMENTS
            )
        except Error as error:
            skip_or_fail(f"no browser can be started; infra/test-needs installs one: {error.message}")
        yield browser
        browser.close()


@contextmanager
def serve(app, server_type=uvicorn.Server):
    """The app behind a socket of its own, in a thread; gives its address."""
    config = uvicorn.Config(app, port=0, access_log=False, log_level="warning")
    server = server_type(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the app could not start"
        thread.join(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def page_fonts():
    """The pages' font, built from the lock file where it is not there yet."""
    from meguri_dashboard import assets
    from meguri_kit.npm_build import NpmBuildError

    try:
        assets.build()
    except NpmBuildError as error:
        skip_or_fail(str(error))


@pytest.fixture(scope="module")
def playwright():
    """For phones; not beside `browser` in one module, as each holds the loop."""
    from meguri_qrguide import assets
    from playwright.sync_api import sync_playwright

    if not Path(CHROMIUM).exists():
        skip_or_fail("Chromium is not installed; infra/test-needs installs it")
    assets.build()
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """What the guide shows for 127.0.0.1."""
    from browser.phone import Certificate

    return Certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def camera(tmp_path):
    """Before which signs are held."""
    from browser.phone import Camera

    return Camera(tmp_path / "camera.y4m")


@pytest.fixture
def visitor(playwright, tmp_path, certificate, camera):
    """Gives the visitor's phone, each time with what it stored before."""

    from browser.phone import phone

    @contextmanager
    def use(**options):
        with phone(playwright, tmp_path / "profile", certificate, camera, **options) as context:
            yield context, context.pages[0]

    return use
