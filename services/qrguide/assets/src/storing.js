// Storing a guide on the phone: the pages and the scanner in one piece, then sounds in the order of the route,
// then pictures; videos when they are asked for. Each piece is checked by its hash, and what is there already is
// not fetched again, so storing that was cut goes on where it was.

import { MEDIA, deleteOlder, deleteUnused, markWhole, openGuide, wholeGuides } from "./stored.js";

const WAIT_MS = [1_000, 2_000, 5_000, 10_000, 20_000];

// The phone has no room, or gives the guide none.
export class RefusedError extends Error {}

export class Storing {
  #caches;
  #fetch;
  #now;
  #choose;

  // `choose(files)` picks of a picture's formats the one that this browser shows.
  constructor({ caches, fetch, now = Date.now, choose = async (files) => files.at(-1) }) {
    this.#caches = caches;
    this.#fetch = fetch;
    this.#now = now;
    this.#choose = choose;
  }

  // The town's guide in the language as far as it is stored: { mark, progress }; undefined if it is not.
  async stored(town, language) {
    const mark = (await wholeGuides(this.#caches)).find((each) => each.town === town && each.language === language);
    return mark && { mark, progress: await this.#progress(mark) };
  }

  // Store the pages. Gives the guide's mark, of what is stored already if the server has nothing newer.
  async storeText(town, language, told = () => undefined) {
    const offer = await this.#offer(town, language);
    const before = (await wholeGuides(this.#caches)).find((each) => each.hash === offer.hash);
    if (before) return before;
    told({ part: "text", done: 0, total: offer.bytes });
    const bytes = await this.#fetchChecked(offer.url, offer.hash);
    const bundle = JSON.parse(new TextDecoder().decode(bytes));
    const mark = {
      town,
      language,
      edition: bundle.edition,
      hash: offer.hash,
      bytes: offer.bytes,
      media: bundle.media,
      stored_ms: this.#now(),
    };
    await this.#allowed(async () => {
      const cache = await openGuide(this.#caches, mark);
      for (const [address, [type, text]] of Object.entries(bundle.files)) {
        await cache.put(address, new Response(text, { headers: { ...bundle.headers, "Content-Type": type } }));
      }
      await markWhole(cache, mark);
      await deleteOlder(this.#caches, mark);
    });
    told({ part: "text", done: offer.bytes, total: offer.bytes });
    return mark;
  }

  // Store what goes with the pages, of the parts ("sounds", "pictures", "videos") in their order.
  async storeMedia(mark, parts, told = () => undefined) {
    const progress = await this.#progress(mark);
    const media = await this.#allowed(() => this.#caches.open(MEDIA));
    for (const part of parts) {
      for (const files of alternatives(mark.media, part)) {
        if (await first(files, (file) => media.match(file.url))) continue;
        const file = files.length > 1 ? await this.#choose(files) : files[0];
        const before = progress[part].done;
        const bytes = await this.#fetchChecked(file.url, file.hash, (done) => {
          told({ part, ...progress, [part]: { ...progress[part], done: before + Math.min(done, file.bytes) } });
        });
        const headers = { "Content-Type": file.type, "Content-Length": String(bytes.byteLength), "Accept-Ranges": "bytes" };
        await this.#allowed(() => media.put(file.url, new Response(bytes, { headers })));
        progress[part].done = before + file.bytes;
        progress[part].files += 1;
        told({ part, ...progress });
      }
    }
    await deleteUnused(this.#caches);
    return progress;
  }

  async #offer(town, language) {
    const response = await this.#fetch(`/b/${town}/current.json`, { cache: "no-store" });
    const offer = response.ok && (await response.json()).languages[language];
    if (!offer) throw new Error(`the server has no guide of ${town} in ${language}`);
    return offer;
  }

  async #progress(mark) {
    const media = await this.#allowed(() => this.#caches.open(MEDIA));
    const progress = {};
    for (const part of ["sounds", "pictures", "videos"]) {
      const all = alternatives(mark.media, part);
      progress[part] = { done: 0, total: 0, files: 0, of: all.length };
      for (const files of all) {
        const there = await first(files, (file) => media.match(file.url));
        progress[part].total += (there ?? files[0]).bytes;
        if (there) {
          progress[part].done += there.bytes;
          progress[part].files += 1;
        }
      }
    }
    return progress;
  }

  async #fetchChecked(address, hash, told = () => undefined) {
    const response = await this.#fetch(address, { cache: "no-store" });
    if (response.status !== 200 || response.redirected) throw new Error(`${address} answered ${response.status}`);
    const bytes = await read(response, told);
    const digest = [...new Uint8Array(await crypto.subtle.digest("SHA-256", bytes))];
    const found = digest.map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (!found.startsWith(hash)) throw new Error(`${address} is not what it should be`);
    return bytes;
  }

  async #allowed(write) {
    try {
      return await write();
    } catch (error) {
      throw new RefusedError(error.name, { cause: error });
    }
  }
}

// Repeats `work` until it is done or refused; `told(error)` hears of each failure, `pause(ms)` waits.
export async function untilDone(work, told, pause) {
  for (let round = 0; ; round += 1) {
    try {
      return await work();
    } catch (error) {
      if (error instanceof RefusedError) throw error;
      told(error);
      await pause(WAIT_MS[Math.min(round, WAIT_MS.length - 1)]);
    }
  }
}

// The part's files; of a picture in several formats these together, as one of them is enough.
function alternatives(media, part) {
  const found = new Map();
  for (const file of media.filter((each) => each.part === part)) {
    found.set(file.of, [...(found.get(file.of) ?? []), file]);
  }
  return [...found.values()];
}

async function first(files, test) {
  for (const file of files) if (await test(file)) return file;
  return undefined;
}

async function read(response, told) {
  const reader = response.body?.getReader?.();
  if (!reader) return response.arrayBuffer();
  const chunks = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    length += value.length;
    told(length);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes.buffer;
}
