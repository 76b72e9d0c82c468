import assert from "node:assert/strict";
import { test } from "node:test";
import { Memory } from "../src/database.js";
import { Outbox } from "../src/outbox.js";

const NOON = new Date(2026, 4, 3, 12).getTime();
const HOUR = 3_600_000;

// A server that takes posts as `answers` say, one after the other; then 200 for ever.
function server(...answers) {
  const posts = [];
  const post = async (body, options) => {
    posts.push({ ...JSON.parse(body), bytes: body.length, ...options });
    const next = answers.shift() ?? 200;
    if (next === "cut") throw new TypeError("no network");
    if (typeof next === "number") return new Response("{}", { status: next });
    return Response.json(next.body, { status: next.status });
  };
  return { posts, post };
}

async function phone(post, { database = new Memory(), clock = { now: NOON } } = {}) {
  return { database, clock, outbox: await new Outbox({ database, post, now: () => clock.now }).open() };
}

test("what was done is sent with its own id and time, in its order, with the clock of the sending", async () => {
  const { posts, post } = server();
  const { outbox, clock } = await phone(post);
  outbox.event({ kind: "opened", sight: 101, language: "ko" });
  clock.now += 5_000;
  outbox.event({ kind: "opened", sight: 102, language: "ko" });
  clock.now += HOUR;
  assert.equal(await outbox.send(), true);
  const [{ sent_at_ms, events }] = posts;
  assert.equal(sent_at_ms, NOON + 5_000 + HOUR);
  assert.deepEqual(events.map(({ sight, at_ms }) => [sight, at_ms]), [[101, NOON], [102, NOON + 5_000]]);
  assert.notEqual(events[0].event_id, events[1].event_id);
  assert.match(events[0].walk, /^[0-9a-f]{16}$/);
  assert.equal(events[0].walk, events[1].walk);
  assert.equal(outbox.waiting, 0);
});

test("what could not be sent waits, through the page's end too, and is sent with the same ids", async () => {
  const { posts, post } = server("cut", 503, 429, 500, 400);
  const first = await phone(post);
  first.outbox.event({ kind: "opened", sight: 101, language: "en" });
  for (let round = 0; round < 5; round += 1) assert.equal(await first.outbox.send(), false);
  const next = await phone(post, { database: first.database });
  assert.equal(next.outbox.waiting, 1);
  assert.equal(await next.outbox.send(), true);
  assert.equal(new Set(posts.map((body) => body.events[0].event_id)).size, 1);
  assert.deepEqual(await next.database.all(), []);
});

test("what the server rejected by name is deleted, the rest stays", async () => {
  const body = { rejected: [{ item: "events[1]", reason: "too_old" }, { item: "answers[0]", reason: "bad_field" }] };
  const { posts, post } = server({ status: 422, body }, "cut");
  const { outbox } = await phone(post);
  outbox.event({ kind: "opened", sight: 101, language: "en" });
  outbox.event({ kind: "opened", sight: 102, language: "en" });
  outbox.answer({ town: "mine", sheet_id: "s", question: "origin", answer: "near", language: "en" });
  assert.equal(await outbox.send(), false);
  assert.deepEqual(posts[1].events.map((event) => event.sight), [101]);
  assert.equal(posts[1].answers, undefined);
  assert.equal(outbox.waiting, 1);
});

test("a log of a whole day is sent in pieces that a server and a page's end take", async () => {
  const { posts, post } = server();
  const { outbox } = await phone(post);
  for (let index = 0; index < 1_000; index += 1) outbox.event({ kind: "opened", sight: index, language: "en" });
  assert.equal(await outbox.send(), true);
  assert.equal(posts.reduce((sum, body) => sum + body.events.length, 0), 1_000);
  assert.ok(Math.max(...posts.map((body) => body.bytes)) < 64 * 1024);
});

test("what another page sent meanwhile is not sent again", async () => {
  const { posts, post } = server();
  const one = await phone(post);
  one.outbox.event({ kind: "opened", sight: 101, language: "en" });
  const other = await phone(post, { database: one.database });
  await other.outbox.send();
  assert.equal(await one.outbox.send(), true);
  assert.equal(posts.length, 1);
  assert.equal(one.outbox.waiting, 0);
});

test("a piece that is too large for the server is halved", async () => {
  const { posts, post } = server(413, 413);
  const { outbox } = await phone(post);
  for (let index = 0; index < 8; index += 1) outbox.event({ kind: "opened", sight: index, language: "en" });
  assert.equal(await outbox.send(), true);
  assert.equal(outbox.waiting, 0);
  assert.equal(new Set(posts.slice(2).flatMap((body) => body.events.map((event) => event.sight))).size, 8);
});

test("at the page's end what waits is handed over at once, and is kept until it is answered", async () => {
  const { posts, post } = server("cut");
  const { outbox, database } = await phone(post);
  outbox.event({ kind: "listened", sight: 101, language: "en", seconds: 3 });
  outbox.sendLast();
  assert.equal(posts.length, 1, "the browser has it before the page is gone");
  assert.equal(posts[0].keepalive, true);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal((await database.all()).length, 1);
});

test("what was done within a millisecond is sent in its order by the next page too", async () => {
  const { posts, post } = server();
  const first = await phone(post);
  const sights = Array.from({ length: 20 }, (_, index) => index);
  for (const sight of sights) first.outbox.event({ kind: "opened", sight, language: "en" });
  // IndexedDB gives items in the order of their ids, which are random.
  const database = new Memory();
  for (const item of (await first.database.all()).sort((one, other) => (one.id < other.id ? -1 : 1))) await database.add(item);
  const next = await phone(post, { database });
  await next.outbox.send();
  assert.deepEqual(posts[0].events.map((event) => event.sight), sights);
});

test("a walk ends with the day, which begins at four in the morning", async () => {
  const { posts, post } = server();
  const { outbox, clock } = await phone(post);
  for (const hours of [0, 15, 17]) {
    clock.now = NOON + hours * HOUR;
    outbox.event({ kind: "opened", sight: 101, language: "en" });
  }
  await outbox.send();
  const [noon, night, morning] = posts[0].events.map((event) => event.walk);
  assert.equal(noon, night);
  assert.notEqual(noon, morning);
});

test("a walk goes on in the next page", async () => {
  const { posts, post } = server();
  const first = await phone(post);
  first.outbox.event({ kind: "opened", sight: 101, language: "en" });
  const next = await phone(post, { database: first.database });
  next.outbox.event({ kind: "opened", sight: 102, language: "en" });
  await next.outbox.send();
  assert.equal(posts[0].events[0].walk, posts[0].events[1].walk);
});

test("who wants nothing noted has nothing noted, and what waited is deleted", async () => {
  const { posts, post } = server();
  const { outbox, database } = await phone(post);
  outbox.event({ kind: "opened", sight: 101, language: "en" });
  await outbox.setQuiet(true);
  outbox.event({ kind: "opened", sight: 102, language: "en" });
  await outbox.send();
  const next = await phone(post, { database });
  next.outbox.event({ kind: "opened", sight: 103, language: "en" });
  await next.outbox.send();
  assert.deepEqual(posts, []);
  await next.outbox.setQuiet(false);
  next.outbox.event({ kind: "opened", sight: 104, language: "en" });
  await next.outbox.send();
  assert.equal(posts[0].events[0].sight, 104);
});

test("an answer that is given again takes the place of the one before", async () => {
  const { posts, post } = server();
  const { outbox } = await phone(post);
  const sheet = { town: "mine", sheet_id: "s", question: "origin", language: "en" };
  outbox.answer({ ...sheet, answer: "near" });
  outbox.answer({ ...sheet, answer: "far" });
  await outbox.send();
  assert.deepEqual(posts[0].answers.map((each) => each.answer), ["far"]);
});
