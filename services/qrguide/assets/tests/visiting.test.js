import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import vm from "node:vm";
import { readCode } from "../src/codes.js";
import { Listening } from "../src/listening.js";
import { withinFile } from "../src/ranges.js";
import { readAnswers } from "../src/survey.js";
import { Caches, ORIGIN, file, server } from "./phone.js";
import { Storing } from "../src/storing.js";

const GUIDE = { origin: "https://guide.example", town: "mine", sights: [101, 102] };
const kind = (text) => readCode(text, GUIDE).kind;

test("a code of this guide leads to its sight, with whatever stands behind it", () => {
  for (const text of ["https://guide.example/s/101", " https://guide.example/s/101?utm=x#y ", "https://guide.example/s?n=101"]) {
    assert.deepEqual(readCode(text, GUIDE), { kind: "sight", number: 101 });
  }
  assert.deepEqual(readCode("https://guide.example/x/mine", GUIDE), { kind: "page", path: "/x/mine" });
});

test("a code of another origin or town, or of no guide at all, is never opened", () => {
  assert.equal(kind("https://evil.example/s/101"), "other_origin");
  assert.equal(kind("http://guide.example/s/101"), "other_origin");
  assert.equal(kind("https://guide.example@evil.example/s/101"), "other_origin");
  assert.equal(kind("https://guide.example/s/1"), "other_town");
  assert.equal(kind("https://guide.example/g/yamazato"), "other_town");
  for (const text of ["https://guide.example/office", "javascript:alert(1)", "WIFI:S:cave;;", "hello", ""]) {
    assert.equal(kind(text), "unknown", text);
  }
});

test("a code's text is shown, but never more than a line or two of it", () => {
  assert.equal(readCode(`https://evil.example/${"x".repeat(5_000)}`, GUIDE).shown.length, 200);
});

const played = (...ranges) => ({
  length: ranges.length,
  start: (index) => ranges[index][0],
  end: (index) => ranges[index][1],
});

test("seconds that were played are told once, and the end once nearly all of it was", () => {
  const told = [];
  const listening = new Listening((fields) => told.push(fields));
  listening.tell({ played: played(), duration: NaN });
  listening.tell({ played: played([0, 10.2]), duration: 60 });
  listening.tell({ played: played([0, 10.4]), duration: 60 });
  listening.tell({ played: played([0, 20], [30, 40]), duration: 60 });
  assert.deepEqual(told, [{ kind: "listened", seconds: 10 }, { kind: "listened", seconds: 20 }]);
  listening.tell({ played: played([0, 57]), duration: 60 });
  listening.tell({ played: played([0, 60]), duration: 60 });
  assert.deepEqual(told.slice(2), [
    { kind: "listened", seconds: 27 },
    { kind: "finished" },
    { kind: "listened", seconds: 3 },
  ]);
});

test("who only jumps to the end has not finished", () => {
  const told = [];
  new Listening((fields) => told.push(fields)).tell({ played: played([0, 1], [58, 60]), duration: 60 });
  assert.deepEqual(told.map((each) => each.kind), ["listened"]);
});

test("answers are what was answered: choices joined, own words apart, skipped questions absent", () => {
  const form = new FormData();
  form.append("origin", "near");
  form.append("transport", "bus");
  form.append("transport", "on-foot");
  form.append("spent", "");
  form.append("words", `  ${"x".repeat(600)} `);
  assert.deepEqual(readAnswers(form, ["words"]), [
    { question: "origin", answer: "near" },
    { question: "transport", answer: "bus,on-foot" },
    { question: "words", free_text: "x".repeat(500) },
  ]);
  assert.deepEqual(readAnswers(new FormData(), ["words"]), []);
});

test("a range that reaches past the end is one to the end", () => {
  assert.equal(withinFile("bytes=5-99", 10), "bytes=5-");
  assert.equal(withinFile("bytes=-99", 10), "bytes=0-");
  for (const range of ["bytes=0-0", "bytes=0-9", "bytes=-9", "bytes=3-", "bytes=0-1,3-4"]) {
    assert.equal(withinFile(range, 10), range);
  }
  for (const range of ["bytes=10-", "bytes=10-12", "bytes=-0"]) assert.equal(withinFile(range, 10), null);
});

// The built worker as a browser runs it, with workbox in it.
async function worker() {
  const caches = new Caches();
  const storing = new Storing({ caches, fetch: server({ media: [file("sounds", "a.m4a", "0123456789")] }).fetch });
  await storing.storeMedia(await storing.storeText("mine", "en"), ["sounds"]);
  const listeners = {};
  const self = {
    location: new URL(ORIGIN),
    caches,
    fetch: () => assert.fail("the network was asked"),
    addEventListener: (name, listener) => (listeners[name] = listener),
  };
  const globals = { self, URL, Request, Response, Headers, AbortController, setTimeout, clearTimeout, console };
  vm.runInNewContext(readFileSync(process.env.WORKER, "utf8"), globals);
  return (range) =>
    new Promise((resolve) => {
      const request = new Request(`${ORIGIN}/m/a.m4a`, { headers: { Range: range } });
      listeners.fetch({ request, respondWith: resolve });
    });
}

test("the worker answers parts of a stored sound as the server would", async () => {
  const ask = await worker();
  const cases = {
    "bytes=0-0": [206, "0", "bytes 0-0/10"],
    "bytes=0-1": [206, "01", "bytes 0-1/10"],
    "bytes=-3": [206, "789", "bytes 7-9/10"],
    "bytes=-99": [206, "0123456789", "bytes 0-9/10"],
    "bytes=4-": [206, "456789", "bytes 4-9/10"],
    "bytes=4-99": [206, "456789", "bytes 4-9/10"],
    "bytes=10-": [416, "", "bytes */10"],
    "bytes=12-15": [416, "", "bytes */10"],
  };
  for (const [range, expected] of Object.entries(cases)) {
    const answered = await ask(range);
    const found = [answered.status, await answered.text(), answered.headers.get("content-range")];
    assert.deepEqual(found, expected, range);
    if (answered.status === 206) assert.equal(answered.headers.get("content-type"), "audio/mp4");
  }
});
