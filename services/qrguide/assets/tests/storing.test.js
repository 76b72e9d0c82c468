import assert from "node:assert/strict";
import { test } from "node:test";
import { RefusedError, Storing, untilDone } from "../src/storing.js";
import { MEDIA, chosenLanguage, chooseLanguage, deleteAll, wholeGuides } from "../src/stored.js";
import { Caches, file, server } from "./phone.js";

const PAGES = { "/s/101": "<h1>Cave</h1>", "/scan": "scan" };
const MEDIA_FILES = [
  file("sounds", "a.m4a", "first"),
  file("sounds", "b.m4a", "second"),
  file("pictures", "p.avif", "avif", { of: "1/p", type: "image/avif" }),
  file("pictures", "p.webp", "webp!", { of: "1/p", type: "image/webp" }),
  file("videos", "v.mp4", "film", { type: "video/mp4" }),
];

function phone(guide, caches = new Caches()) {
  return { caches, storing: new Storing({ caches, fetch: guide.fetch, now: () => 1_000 }) };
}

async function store({ storing }) {
  const mark = await storing.storeText("mine", "en");
  return storing.storeMedia(mark, ["sounds", "pictures"]);
}

test("the pages come first, then sounds in the order of the route, then pictures, and no video", async () => {
  const guide = server({ pages: PAGES, media: MEDIA_FILES });
  const progress = await store(phone(guide));
  assert.deepEqual(guide.asked, ["/b/mine/current.json", "/b/mine/1/en.json", "/m/a.m4a", "/m/b.m4a", "/m/p.webp"]);
  assert.deepEqual([progress.sounds.files, progress.pictures.files, progress.videos.files], [2, 1, 0]);
});

test("a video is stored when it is asked for", async () => {
  const guide = server({ pages: PAGES, media: MEDIA_FILES });
  const { storing, caches } = phone(guide);
  const mark = await storing.storeText("mine", "en");
  await storing.storeMedia(mark, ["sounds", "pictures", "videos"]);
  const film = await (await caches.open(MEDIA)).match("/m/v.mp4");
  assert.equal(await film.text(), "film");
  assert.equal(film.headers.get("content-type"), "video/mp4");
});

test("a stored page has the server's headers, so that it is as strict as the page itself", async () => {
  const { storing, caches } = phone(server({ pages: PAGES }));
  await storing.storeText("mine", "en");
  const [guide] = await wholeGuides(caches);
  const page = await guide.cache.match("/s/101");
  assert.deepEqual([page.headers.get("x-kept"), page.headers.get("content-type")], ["yes", "text/html"]);
});

test("what was cut goes on where it was, and fetches nothing twice", async () => {
  const guide = server({ pages: PAGES, media: MEDIA_FILES });
  const one = phone(guide);
  guide.breaks = (path) => path === "/m/b.m4a";
  await assert.rejects(store(one));
  guide.breaks = () => false;
  guide.asked.length = 0;
  await store(one);
  assert.deepEqual(guide.asked, ["/b/mine/current.json", "/m/b.m4a", "/m/p.webp"]);
});

test("a guide whose pages were not all stored is no guide", async () => {
  const guide = server({ pages: PAGES });
  const one = phone(guide);
  one.caches.refuses = (address) => address === "/scan";
  await assert.rejects(one.storing.storeText("mine", "en"), RefusedError);
  assert.deepEqual(await wholeGuides(one.caches), []);
});

test("while a newer edition is not whole the one before stays, and goes when it is", async () => {
  const before = server({ pages: PAGES, media: MEDIA_FILES });
  const one = phone(before);
  await store(one);
  const after = server({ edition: 2, pages: { "/s/101": "new" }, media: [MEDIA_FILES[1]] });
  const again = phone(after, one.caches);
  after.breaks = (path) => path.startsWith("/b/mine/2");
  await assert.rejects(store(again));
  assert.deepEqual((await wholeGuides(one.caches)).map((guide) => guide.edition), [1]);
  after.breaks = () => false;
  await store(again);
  assert.deepEqual((await wholeGuides(one.caches)).map((guide) => guide.edition), [2]);
  const media = await one.caches.open(MEDIA);
  assert.deepEqual((await media.keys()).map(({ url }) => new URL(url).pathname), ["/m/b.m4a"]);
});

test("what the server rolled back to is stored again", async () => {
  const first = server({ edition: 1, pages: PAGES });
  const second = server({ edition: 2, pages: { "/s/101": "new" } });
  const one = phone(second);
  await one.storing.storeText("mine", "en");
  await phone(first, one.caches).storing.storeText("mine", "en");
  assert.deepEqual((await wholeGuides(one.caches)).map((guide) => guide.edition), [1]);
});

test("bytes that are not what the server promised are not stored", async () => {
  const guide = server({ pages: PAGES, media: MEDIA_FILES });
  const one = phone(guide);
  const mark = await one.storing.storeText("mine", "en");
  guide.answers.set("/m/a.m4a", new TextEncoder().encode("<html>log in to the network</html>"));
  await assert.rejects(one.storing.storeMedia(mark, ["sounds"]), /not what it should be/);
  assert.equal(await (await one.caches.open(MEDIA)).match("/m/a.m4a"), undefined);
  guide.answers.set("/b/mine/1/en.json", new TextEncoder().encode("{}"));
  const other = phone(guide);
  await assert.rejects(other.storing.storeText("mine", "en"), /not what it should be/);
});

test("two languages of a guide stand beside each other, and deleting deletes both", async () => {
  const one = phone(server({ pages: PAGES }));
  await one.storing.storeText("mine", "en");
  await phone(server({ language: "ko", pages: PAGES }), one.caches).storing.storeText("mine", "ko");
  await chooseLanguage(one.caches, "ko");
  assert.deepEqual((await wholeGuides(one.caches)).map((guide) => guide.language).sort(), ["en", "ko"]);
  await deleteAll(one.caches);
  assert.deepEqual(await one.caches.keys(), []);
  assert.equal(await chosenLanguage(one.caches), undefined);
});

test("progress counts bytes of what is stored, and rises to the whole", async () => {
  const guide = server({ pages: PAGES, media: MEDIA_FILES });
  const { storing } = phone(guide);
  const mark = await storing.storeText("mine", "en");
  const told = [];
  await storing.storeMedia(mark, ["sounds"], ({ sounds }) => told.push(sounds.done));
  assert.deepEqual(told, [...told].sort((one, other) => one - other));
  assert.equal(told.at(-1), MEDIA_FILES[0].bytes + MEDIA_FILES[1].bytes);
});

test("what fails is tried again after longer and longer pauses, what is refused is not", async () => {
  const pauses = [];
  let left = 3;
  const work = async () => {
    if (left--) throw new TypeError("no network");
    return "done";
  };
  assert.equal(await untilDone(work, () => undefined, async (ms) => pauses.push(ms)), "done");
  assert.deepEqual(pauses, [...pauses].sort((one, other) => one - other));
  assert.equal(pauses.length, 3);
  const refused = async () => {
    throw new RefusedError("QuotaExceededError");
  };
  await assert.rejects(untilDone(refused, () => undefined, async () => assert.fail("it was tried again")), RefusedError);
});
