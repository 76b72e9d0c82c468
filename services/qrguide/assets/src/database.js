// What the phone keeps for the guide beside its caches: notes that wait to be sent, and a few settings.
// Where the browser refuses IndexedDB (some private windows), both live as long as the page.

const NAME = "meguri";
const WAITING = "waiting";
const SETTINGS = "settings";

export async function openDatabase(indexedDB = globalThis.indexedDB) {
  try {
    return new Database(await opened(indexedDB));
  } catch {
    return new Memory();
  }
}

function opened(indexedDB) {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore(WAITING, { keyPath: "id" });
      request.result.createObjectStore(SETTINGS);
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error("another page holds an older database"));
  });
}

class Database {
  constructor(connection) {
    this.connection = connection;
    // Else a page that stays open would block a newer version's page for ever.
    connection.onversionchange = () => connection.close();
  }

  add(item) {
    return this.#done(WAITING, "readwrite", (store) => store.put(item));
  }

  all() {
    return this.#done(WAITING, "readonly", (store) => store.getAll());
  }

  delete(ids) {
    return this.#done(WAITING, "readwrite", (store) => ids.map((id) => store.delete(id))[0]);
  }

  clear() {
    return this.#done(WAITING, "readwrite", (store) => store.clear());
  }

  get(name) {
    return this.#done(SETTINGS, "readonly", (store) => store.get(name));
  }

  set(name, value) {
    return this.#done(SETTINGS, "readwrite", (store) => store.put(value, name));
  }

  #done(name, mode, ask) {
    return new Promise((resolve, reject) => {
      const transaction = this.connection.transaction(name, mode);
      const request = ask(transaction.objectStore(name));
      transaction.oncomplete = () => resolve(request?.result);
      transaction.onabort = () => reject(transaction.error);
      transaction.onerror = () => reject(transaction.error);
    });
  }
}

export class Memory {
  #waiting = new Map();
  #settings = new Map();

  async add(item) {
    this.#waiting.set(item.id, item);
  }

  async all() {
    return [...this.#waiting.values()];
  }

  async delete(ids) {
    ids.forEach((id) => this.#waiting.delete(id));
  }

  async clear() {
    this.#waiting.clear();
  }

  async get(name) {
    return this.#settings.get(name);
  }

  async set(name, value) {
    this.#settings.set(name, value);
  }
}
