// The guides that are stored on this phone: a cache each, whole once it holds its mark. The mark is put last, so
// a cache without one is a guide whose storing was cut, and nobody is answered from it.

const GUIDE = "meguri guide";
const MARK = "/.whole";
const CHOICE = "meguri choice";
const LANGUAGE = "/.language";

// Sounds, pictures and videos of all guides, by their hash.
export const MEDIA = "meguri media";

// Opens the cache of one edition of a guide in one language.
export function openGuide(caches, { town, edition, language, hash }) {
  return caches.open([GUIDE, town, edition, language, hash.slice(0, 16)].join(" "));
}

export async function markWhole(cache, mark) {
  await cache.put(MARK, new Response(JSON.stringify(mark)));
}

// Every whole guide with its mark, the one stored last first.
export async function wholeGuides(caches) {
  const found = [];
  for (const name of await guideNames(caches)) {
    const cache = await caches.open(name);
    const mark = await cache.match(MARK);
    if (mark) found.push({ name, cache, ...(await mark.json()) });
  }
  return found.sort((one, other) => other.stored_ms - one.stored_ms);
}

// Deletes what the guide that was just stored takes the place of: its older editions, whole or not.
export async function deleteOlder(caches, { town, language, hash }) {
  for (const name of await guideNames(caches)) {
    const [, , itsTown, , itsLanguage, itsHash] = name.split(" ");
    if (itsTown === town && itsLanguage === language && itsHash !== hash.slice(0, 16)) await caches.delete(name);
  }
}

// Deletes sounds, pictures and videos that no whole guide names.
export async function deleteUnused(caches) {
  const used = new Set((await wholeGuides(caches)).flatMap((guide) => guide.media.map((each) => each.url)));
  const media = await caches.open(MEDIA);
  for (const request of await media.keys()) {
    if (!used.has(new URL(request.url).pathname)) await media.delete(request);
  }
}

// Everything of every guide, the chosen language too.
export async function deleteAll(caches) {
  for (const name of [...(await guideNames(caches)), MEDIA, CHOICE]) await caches.delete(name);
}

// The language that the visitor chose; the worker cannot read the cookie that says so to the server.
export async function chosenLanguage(caches) {
  const cache = await caches.open(CHOICE);
  return (await cache.match(LANGUAGE))?.text();
}

export async function chooseLanguage(caches, language) {
  const cache = await caches.open(CHOICE);
  await cache.put(LANGUAGE, new Response(language));
}

async function guideNames(caches) {
  return (await caches.keys()).filter((name) => name.startsWith(`${GUIDE} `));
}
