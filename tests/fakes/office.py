"""The office's pages on a draft in a folder, without a browser: who signs in, and what forms send."""

import html
import re
from dataclasses import dataclass, replace
from pathlib import Path

from argon2 import PasswordHasher
from fakes.town_day import TOWN
from fastapi import FastAPI
from fastapi.testclient import TestClient
from meguri_kit.pages.headers import SecurityHeaders
from meguri_kit.passwords import Passwords
from meguri_kit.registry import OFFICE, Registry, Users
from meguri_qrguide.content.guides import Guides
from meguri_qrguide.content.text_files import TextFile
from meguri_qrguide.office.app import Office
from meguri_qrguide.office.transcoding import Transcoder
from meguri_qrguide.visitor.shell import Shell, ShellFile

NOW_MS = 1_700_000_000_000
PASSWORD = "a long enough password"
MINE = replace(TOWN, town="mine", names={"ja": "美祢", "en": "Mine"}, sights={101: "hall", 102: "hall"})
OTHER = replace(TOWN, town="other", names={"ja": "隣", "en": "Next door"}, sights={7: "hall"})
FIRST = TextFile("{洞口|どうこう}", "洞くつの口。", "本文。\n\n[次](/s/102)へ。", next_hint="右へ百歩。")
SECOND = TextFile("広間", "広い。", "高さ三十メートル。")
GUIDE = """\
town: mine
languages: [ja, en, fr]
source: ja
title: {ja: 洞くつの案内, en: The cave}
sights: [101, 102]
notice:
  operator: {ja: 観光協会, en: The tourist office}
"""
SURVEY = """\
version: 3
questions:
- id: transport
  kind: choice
  text: {ja: どうやって来ましたか。, en: "How did you come?"}
  choices:
  - {id: car, text: {ja: 車, en: By car}}
  - {id: bus, text: {ja: バス}}
- {id: again, kind: scale, text: {ja: また来ますか。}, lowest: 1, highest: 5}
"""
SCRIPT = "text/javascript"
SHELL = Shell(
    {
        name: ShellFile(name, "text/plain", name.encode())
        for name in ("guide.css", "dark.css", "mark.svg", "guide.js", "scanner.js")
    },
    b"",
)


class NoFfmpeg(Transcoder):
    """A machine without ffmpeg."""

    def __init__(self) -> None:
        self._ffmpeg = None


@dataclass
class Clock:
    """A wall clock that a test moves."""

    ms: int = NOW_MS

    def __call__(self) -> int:
        return self.ms


class OfficeWorld:
    """An office of two towns in a folder; `mine` has a draft of two sights."""

    def __init__(self, folder: Path, **options: object) -> None:
        self.clock = Clock()
        self.registry = Registry(f"sqlite:///{folder}/registry.db")
        self.users = Users(self.registry)
        self.guides = Guides(folder / "guides")
        self.draft = self.guides.draft("mine")
        self.write("guide.yaml", GUIDE)
        self.write("survey.yaml", SURVEY)
        self.write("sights/101/ja.md", FIRST.written())
        self.write("sights/102/ja.md", SECOND.written())
        self.office = Office(
            towns={"mine": MINE, "other": OTHER},
            guides=self.guides,
            users=self.users,
            shell=SHELL,
            now_ms=self.clock,
            passwords=Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
            **options,
        )
        self.app = FastAPI()
        self.office.add_to(self.app)
        self.app.add_middleware(SecurityHeaders)

    def write(self, path: str, content: str | bytes) -> None:
        target = self.draft / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)

    def read(self, path: str) -> str:
        return (self.draft / path).read_text("utf-8")

    def invite(self, name: str = "hanako", role: str = OFFICE) -> str:
        return self.users.invite(name, role, self.clock())

    def browser(self, **options: object) -> "Browser":
        """Somebody's browser, nobody signed in."""
        return Browser(TestClient(self.app, "https://guide.example", follow_redirects=False, **options))

    def signed_in(self, name: str = "hanako") -> "Browser":
        browser = self.browser()
        done = browser.client.post(
            f"/office/join/{self.invite(name)}", data={"password": PASSWORD, "again": PASSWORD}
        )
        assert done.status_code == 303, done.text
        return browser

    def close(self) -> None:
        self.office.close()
        self.registry.close()


class Browser:
    """Opens pages and sends their forms back, hidden fields and all."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def get(self, address: str, language: str = "en"):
        return self.client.get(address, headers={"Accept-Language": language})

    def hidden(self, address: str) -> dict[str, str]:
        """The hidden fields of a page's forms, by name."""
        page = self.get(address)
        assert page.status_code == 200, page.text
        found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.text)
        return {name: html.unescape(value) for name, value in found}

    def post(self, address: str, *, of: str, files=None, **fields: str):
        """Fill in a form of the page `of` and send it to the address."""
        data = {**self.hidden(of), **fields}
        return self.client.post(address, data=data, files=files, headers={"Accept-Language": "en"})

    def finished(self, response):
        """The page at which a job that was begun ends."""
        assert response.status_code == 303, response.text
        place = response.headers["location"]
        for _ in range(600):
            page = self.get(place)
            if page.status_code != 200 or "data-state" not in page.text:
                return page
            import time

            time.sleep(0.05)
        raise AssertionError("the job does not end")
