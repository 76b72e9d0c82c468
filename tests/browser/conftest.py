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

    try:
        assets.build()
    except assets.AssetsError as error:
        skip_or_fail(str(error))
