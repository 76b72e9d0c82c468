// A phone for the tests: its caches, its network with a guide's server, both of which can be made to fail.

import { createHash } from "node:crypto";

export const ORIGIN = "https://guide.example";

const text = (content) => new TextEncoder().encode(content);
export const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

// As the browser's CacheStorage, as far as the guide uses it.
export class Caches {
  #caches = new Map();
  refuses = () => false;

  async open(name) {
    if (this.refuses(name)) throw new DOMException("no", "QuotaExceededError");
    if (!this.#caches.has(name)) this.#caches.set(name, new OneCache(this));
    return this.#caches.get(name);
  }

  async keys() {
    return [...this.#caches.keys()];
  }

  async delete(name) {
    return this.#caches.delete(name);
  }
}

class OneCache {
  #entries = new Map();
  #caches;

  constructor(caches) {
    this.#caches = caches;
  }

  async put(address, response) {
    if (this.#caches.refuses(address)) throw new DOMException("no", "QuotaExceededError");
    const url = new URL(address.url ?? address, ORIGIN).href;
    this.#entries.set(url, { status: response.status, headers: [...response.headers], body: await response.arrayBuffer() });
  }

  async match(address, { ignoreSearch = false } = {}) {
    const plain = (url) => (ignoreSearch ? url.split("?")[0] : url);
    const wanted = plain(new URL(address.url ?? address, ORIGIN).href);
    for (const [url, { status, headers, body }] of this.#entries) {
      if (plain(url) === wanted) return new Response(body.slice(0), { status, headers });
    }
    return undefined;
  }

  async keys() {
    return [...this.#entries.keys()].map((url) => ({ url }));
  }

  async delete({ url }) {
    return this.#entries.delete(url);
  }
}

export function file(part, name, content, { of = name, type = "audio/mp4" } = {}) {
  const bytes = text(content);
  return { part, of, url: `/m/${name}`, type, bytes: bytes.length, hash: sha256(bytes).slice(0, 32), content: bytes };
}

// A guide's server: `fetch` answers for its pages and media, `asked` says in which order, `breaks(path)` cuts.
export function server({ town = "mine", edition = 1, language = "en", pages = {}, media = [] } = {}) {
  const files = Object.fromEntries(Object.entries(pages).map(([path, html]) => [path, ["text/html", html]]));
  const listed = media.map(({ content, ...each }) => each);
  const bundle = text(JSON.stringify({ town, edition, language, headers: { "X-Kept": "yes" }, files, media: listed }));
  const url = `/b/${town}/${edition}/${language}.json`;
  const offer = { languages: { [language]: { url, hash: sha256(bundle), bytes: bundle.length } } };
  const answers = new Map([
    [`/b/${town}/current.json`, text(JSON.stringify(offer))],
    [url, bundle],
    ...media.map((each) => [each.url, each.content]),
  ]);
  const asked = [];
  const made = {
    asked,
    hash: sha256(bundle),
    breaks: () => false,
    answers,
    fetch: async (path) => {
      asked.push(path);
      if (made.breaks(path)) throw new TypeError("no network");
      return answers.has(path) ? new Response(answers.get(path)) : new Response("", { status: 404 });
    },
  };
  return made;
}
