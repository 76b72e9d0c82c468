import assert from "node:assert/strict";
import { test } from "node:test";
import { answer, isOurs } from "../src/answering.js";
import { Storing } from "../src/storing.js";
import { chooseLanguage } from "../src/stored.js";
import { Caches, ORIGIN, file, server } from "./phone.js";

const SOUND = file("sounds", "a.m4a", "sound");
const OFFLINE = { "/.offline": "no signal" };

async function phone(...guides) {
  const caches = new Caches();
  for (const guide of guides) {
    const storing = new Storing({ caches, fetch: server(guide).fetch });
    await storing.storeMedia(await storing.storeText(guide.town ?? "mine", guide.language ?? "en"), ["sounds"]);
  }
  return caches;
}

const request = (path, headers) => new Request(ORIGIN + path, { headers });
const noNetwork = async () => {
  throw new TypeError("no network");
};

async function asked(path, caches, fetch = noNetwork) {
  return (await answer(request(path), { caches, fetch })).text();
}

test("what is stored is answered without asking the network, whatever stands behind the question mark", async () => {
  const caches = await phone({ pages: { "/s/101": "stored" } });
  const network = () => assert.fail("the network was asked");
  for (const path of ["/s/101", "/s/101?utm=x", "/s?n=101", "/s?n=0101", "/s/101?n=5"]) {
    assert.equal(await asked(path, caches, network), "stored");
  }
});

test("what is not stored comes from the network", async () => {
  const caches = await phone({ pages: { "/s/101": "stored" } });
  assert.equal(await asked("/s/102", caches, async () => new Response("fresh")), "fresh");
});

test("a network that says nothing for two seconds is no network", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const caches = await phone({ pages: OFFLINE });
  const silent = (_request, { signal }) =>
    new Promise((_, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
      queueMicrotask(() => t.mock.timers.tick(2_000));
    });
  const answered = await answer(request("/s/102"), { caches, fetch: silent });
  assert.deepEqual([answered.status, await answered.text()], [503, "no signal"]);
});

test("without signal a page that is not stored says so in the visitor's language", async () => {
  const caches = await phone({ pages: OFFLINE }, { language: "ko", pages: { "/.offline": "ko" } });
  await chooseLanguage(caches, "en");
  assert.equal(await asked("/s/102", caches), "no signal");
  await chooseLanguage(caches, "ko");
  assert.equal(await asked("/s/102", caches), "ko");
});

test("a language that was chosen is asked for, and answered from what is stored where there is no signal", async () => {
  const caches = await phone({ pages: { "/s/101": "stored" } });
  assert.equal(await asked("/s/101?lang=ko", caches, async () => new Response("ko")), "ko");
  assert.equal(await asked("/s/101", caches, async () => new Response("ko")), "ko");
  assert.equal(await asked("/s/101", caches), "stored");
  assert.equal(await asked("/s/101?lang=en", caches), "stored");
});

test("of two towns' scanners the one that was asked for is answered", async () => {
  const caches = await phone({ pages: { "/scan": "mine" } }, { town: "yamazato", pages: { "/scan": "yamazato" } });
  assert.equal(await asked("/scan?t=mine", caches), "mine");
  assert.equal(await asked("/scan?t=yamazato", caches), "yamazato");
});

test("nothing that the network answers is kept by the worker", async () => {
  const caches = await phone({ pages: OFFLINE });
  await asked("/s/102", caches, async () => Response.redirect(`${ORIGIN}/elsewhere`));
  await asked("/s/103", caches, async () => new Response("fresh"));
  assert.equal(await asked("/s/102", caches), "no signal");
  assert.equal(await asked("/s/103", caches), "no signal");
});

test("a stored sound is answered whole, or in part where a part is asked for", async () => {
  const caches = await phone({ media: [SOUND] });
  const partial = async (wish, whole) => new Response(`${wish.headers.get("range")} of ${await whole.text()}`);
  const whole = await answer(request("/m/a.m4a"), { caches, fetch: noNetwork, partial });
  assert.equal(await whole.text(), "sound");
  const part = await answer(request("/m/a.m4a", { Range: "bytes=0-1" }), { caches, fetch: noNetwork, partial });
  assert.equal(await part.text(), "bytes=0-1 of sound");
});

test("a sound that is not stored is asked for with its range as the player wants it", async () => {
  const caches = await phone({ pages: OFFLINE });
  const wish = request("/m/a.m4a", { Range: "bytes=0-1" });
  const answered = await answer(wish, { caches, fetch: async (each) => new Response(each.headers.get("range")) });
  assert.equal(await answered.text(), "bytes=0-1");
});

test("a script of another build than is stored comes from the network, the stored one where there is none", async () => {
  const caches = await phone({ pages: { "/static/visitor/guide.js?v=1": "old" } });
  assert.equal(await asked("/static/visitor/guide.js?v=1", caches), "old");
  assert.equal(await asked("/static/visitor/guide.js?v=2", caches, async () => new Response("new")), "new");
  assert.equal(await asked("/static/visitor/guide.js?v=2", caches), "old");
});

test("posts, the office, bundles and other origins are none of the worker's business", () => {
  const ours = (method, path, origin = ORIGIN) => isOurs({ method, url: origin + path }, ORIGIN);
  for (const path of ["/", "/s/101", "/s?n=1", "/g/mine", "/scan", "/x/mine", "/q/mine", "/n/mine", "/o/mine", "/m/a.m4a"]) {
    assert.ok(ours("GET", path), path);
  }
  for (const path of ["/v1/events", "/office", "/office/signs/1.pdf", "/b/mine/current.json", "/sw.js", "/metrics"]) {
    assert.ok(!ours("GET", path), path);
  }
  assert.ok(!ours("POST", "/s/101"));
  assert.ok(!ours("GET", "/s/101", "https://other.example"));
});
