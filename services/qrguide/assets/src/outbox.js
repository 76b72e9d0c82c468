// What a visitor did, kept with its own id and time until the guide's server has it.
//
// A note is deleted when the server answered 200, or named it in `rejected`. Any other answer, and none at all,
// leaves it: sent again, it is known by its id and counts once.

// A page that is being left may send no more than 64 KB.
const MOST_BYTES = 60_000;
const MOST_ITEMS = 200;
const POST_MS = 15_000;
const DAY_MS = 24 * 3600 * 1000;
// A walk ends with the town's day, which begins at four in the morning.
const DAY_START_MS = 4 * 3600 * 1000;

export class Outbox {
  #database;
  #post;
  #now;
  #items = new Map();
  #kept = 0;
  // Ids of what the database has not taken yet.
  #unwritten = new Set();
  #alone;
  #sending = null;
  #walk;
  #quiet = false;

  // `post(body, { keepalive })` answers as fetch does; `now` gives the phone's clock in milliseconds;
  // `alone(work)` keeps two pages, or a page and the worker, from sending the same at once.
  constructor({ database, post, now = Date.now, alone = (work) => work() }) {
    this.#database = database;
    this.#post = post;
    this.#now = now;
    this.#alone = alone;
  }

  // Reads what an earlier page left; before it nothing is noted.
  async open() {
    await this.#reload();
    this.#quiet = (await this.#database.get("quiet")) === true;
    this.#walk = await this.#database.get("walk");
    return this;
  }

  get waiting() {
    return this.#items.size;
  }

  get quiet() {
    return this.#quiet;
  }

  // Note nothing any more, and delete what waits; or note again.
  async setQuiet(quiet) {
    this.#quiet = quiet;
    await this.#database.set("quiet", quiet);
    if (quiet) {
      this.#items.clear();
      await this.#database.clear();
    }
  }

  // An event such as { kind: "opened", sight: 101, language: "ja" }. Held at once, written in the background.
  event(fields) {
    if (this.#quiet) return;
    const at_ms = this.#now();
    const id = randomHex(16);
    this.#keep({ id, at_ms, list: "events", body: { event_id: id, ...fields, at_ms, walk: this.#walkAt(at_ms) } });
  }

  // An answer of the survey. A visitor who sends it wants it sent, so it goes where notes are switched off too.
  answer(fields) {
    const at_ms = this.#now();
    this.#keep({ id: `${fields.sheet_id}.${fields.question}`, at_ms, list: "answers", body: { ...fields, at_ms } });
  }

  // Sends what waits, a batch after the other; true when nothing waits any more.
  send() {
    this.#sending ??= this.#alone(() => this.#sendAll()).finally(() => (this.#sending = null));
    return this.#sending;
  }

  // The page is being left: hand the browser what fits, without waiting for the answer.
  sendLast() {
    const batch = this.#batch(MOST_ITEMS);
    if (batch.length) this.#deliver(batch, true).catch(() => undefined);
  }

  async #sendAll() {
    await this.#reload();
    let most = MOST_ITEMS;
    while (this.#items.size) {
      const batch = this.#batch(most);
      let outcome;
      try {
        outcome = await this.#deliver(batch, false);
      } catch {
        return false;
      }
      if (outcome === "too large" && most > 1) most = Math.ceil(most / 2);
      else if (outcome !== "taken") return false;
    }
    return true;
  }

  async #deliver(batch, keepalive) {
    const response = await this.#post(this.#body(batch), { keepalive });
    if (response.status === 413) return "too large";
    if (response.status === 200) {
      await this.#forget(batch);
      return "taken";
    }
    if (response.status !== 422) return "not taken";
    const named = new Set((await response.json()).rejected?.map((each) => each.item));
    const rejected = [...lists(batch)].flatMap(([name, items]) =>
      items.filter((_, index) => named.has(`${name}[${index}]`)),
    );
    await this.#forget(rejected);
    return rejected.length ? "taken" : "not taken";
  }

  #body(batch) {
    const bodies = [...lists(batch)].map(([name, items]) => [name, items.map((item) => item.body)]);
    return JSON.stringify({ sent_at_ms: this.#now(), ...Object.fromEntries(bodies) });
  }

  #batch(most) {
    const batch = [];
    let bytes = 100;
    for (const item of [...this.#items.values()].sort(byTime)) {
      bytes += new TextEncoder().encode(JSON.stringify(item.body)).length + 1;
      if (batch.length === most || (batch.length && bytes > MOST_BYTES)) break;
      batch.push(item);
    }
    return batch;
  }

  // What was done within one millisecond keeps its order too.
  #keep(fields) {
    const item = { ...fields, order: (this.#kept += 1) };
    this.#items.set(item.id, item);
    this.#unwritten.add(item.id);
    this.#database.add(item).then(
      () => this.#unwritten.delete(item.id),
      () => undefined,
    );
  }

  async #forget(items) {
    if (!items.length) return;
    items.forEach((item) => this.#items.delete(item.id));
    await this.#database.delete(items.map((item) => item.id)).catch(() => undefined);
  }

  // Another page may have added to what waits, or sent of it.
  async #reload() {
    const written = [...this.#items.keys()].filter((id) => !this.#unwritten.has(id));
    const waiting = await this.#database.all();
    for (const id of written) this.#items.delete(id);
    for (const item of waiting) this.#items.set(item.id, item);
  }

  #walkAt(at_ms) {
    const local = at_ms - new Date(at_ms).getTimezoneOffset() * 60_000;
    const day = Math.floor((local - DAY_START_MS) / DAY_MS);
    if (this.#walk?.day !== day) {
      this.#walk = { day, id: randomHex(8) };
      this.#database.set("walk", this.#walk).catch(() => undefined);
    }
    return this.#walk.id;
  }
}

// One sender at a time, where the browser knows locks.
export function oneSender(work) {
  return navigator.locks ? navigator.locks.request("outbox", work) : work();
}

// Posts to the guide's server, which has so long to answer: a signal that says nothing must not hold up the next try.
export async function postEvents(body, { keepalive }) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), POST_MS);
  try {
    return await fetch("/v1/events", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body,
      keepalive,
      credentials: "omit",
      signal: patience.signal,
    });
  } finally {
    clearTimeout(timer);
  }
}

export function randomHex(bytes) {
  return [...crypto.getRandomValues(new Uint8Array(bytes))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function byTime(one, other) {
  return one.at_ms - other.at_ms || one.order - other.order;
}

function lists(batch) {
  const found = new Map();
  for (const item of batch) found.set(item.list, [...(found.get(item.list) ?? []), item]);
  return found;
}
