// The entrance page's panel: stores the guide, and says so large enough to be seen from two metres.

import { RefusedError, untilDone } from "./storing.js";
import { deleteAll } from "./stored.js";
import { megabytes, word, write } from "./words.js";

// Where the window has no service worker, says how to open the page in a browser that has one.
export function showBrowserHint(place) {
  const hint = place.querySelector("[data-hint=browser]");
  if (!hint) return;
  hint.hidden = false;
  const line = hint.querySelector("a");
  if (/\bLine\//.test(navigator.userAgent)) {
    const address = new URL(location.href);
    address.searchParams.set("openExternalBrowser", "1");
    line.href = address.href;
    line.hidden = false;
  }
}

export class StorePanel {
  #panel;
  #storing;
  #ready;
  #town;
  #language;
  #stored;
  #deleted;
  #goesOn = false;

  // `ready` is settled when a service worker answers for the guide; `stored(mark)` hears of a guide that is whole,
  // `deleted()` of the visitor's deleting it.
  constructor(panel, { storing, ready, town, language, stored, deleted }) {
    this.#panel = panel;
    this.#storing = storing;
    this.#ready = ready;
    this.#town = town;
    this.#language = language;
    this.#stored = stored;
    this.#deleted = deleted;
  }

  async run() {
    this.#panel.hidden = false;
    this.#part("delete").addEventListener("click", () => this.#delete());
    try {
      const before = await this.#storing.stored(this.#town, this.#language);
      if (before && navigator.serviceWorker.controller) this.#showReady(before.progress);
      else this.#say("working");
      await this.#ready;
      await this.#store(["sounds", "pictures"]);
    } catch (error) {
      this.#showRefused(error);
    }
  }

  // Each round asks anew which edition is current: while storing was cut, another may have been published.
  async #store(parts) {
    await untilDone(
      async () => {
        const mark = await this.#storing.storeText(this.#town, this.#language, (now) => this.#showText(now));
        await this.#stored(mark);
        await this.#showStored();
        if (navigator.connection?.saveData) await this.#askedToGoOn();
        this.#showReady(await this.#storing.storeMedia(mark, parts, (now) => this.#showReady(now)));
        this.#offerVideos(mark);
      },
      () => this.#showCut(),
      pause,
    );
  }

  async #showStored() {
    this.#showReady((await this.#storing.stored(this.#town, this.#language)).progress);
  }

  #offerVideos(mark) {
    const button = this.#part("videos");
    const files = mark.media.filter((file) => file.part === "videos");
    if (!files.length || button.disabled) return;
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    write(button, word("store.video", { size: megabytes(bytes) }));
    button.hidden = false;
    button.onclick = async () => {
      button.disabled = true;
      await this.#store(["sounds", "pictures", "videos"]).catch((error) => this.#showRefused(error));
      button.hidden = true;
    };
  }

  async #askedToGoOn() {
    const button = this.#part("go-on");
    if (this.#goesOn) return;
    button.hidden = false;
    await new Promise((resolve) => button.addEventListener("click", resolve, { once: true }));
    button.hidden = true;
    this.#goesOn = true;
  }

  async #delete() {
    await deleteAll(caches);
    await this.#deleted();
    this.#say("deleted");
    this.#part("delete").hidden = true;
    this.#part("progress").hidden = true;
    this.#part("parts").hidden = true;
    this.#part("note").replaceChildren();
  }

  #showText({ done, total }) {
    if (this.#panel.dataset.state !== "working") write(this.#part("note"), word("store.update"));
    this.#showBytes(done, total);
  }

  #showReady(progress) {
    const { sounds } = progress;
    const withSound = sounds.of > 0 && sounds.files === sounds.of;
    this.#say(withSound ? "ready_sound" : "ready");
    write(this.#part("note"), sounds.files < sounds.of ? word("store.sound_coming") : "");
    this.#part("delete").hidden = false;
    const parts = ["sounds", "pictures", "videos"].filter((part) => part !== "videos" || progress.videos.done);
    this.#showBytes(sum(parts, progress, "done"), sum(parts, progress, "total"));
    this.#part("parts").hidden = false;
    for (const part of ["sounds", "pictures"]) {
      this.#part(part).textContent = `${progress[part].files} / ${progress[part].of}`;
    }
  }

  #showBytes(done, total) {
    const bar = this.#part("progress");
    bar.hidden = total === 0;
    bar.querySelector("progress").max = total || 1;
    bar.querySelector("progress").value = done;
    write(bar.querySelector("span"), word("store.progress", { done: megabytes(done), total: megabytes(total) }));
  }

  #showCut() {
    if (this.#panel.dataset.state === "working") this.#say("cut");
    else write(this.#part("note"), word("store.cut"));
  }

  #showRefused(error) {
    const isReady = this.#panel.dataset.state?.startsWith("ready");
    if (!(error instanceof RefusedError)) console.warn(error);
    if (isReady) write(this.#part("note"), word("store.full"));
    else this.#say("refused");
  }

  #say(state) {
    if (this.#panel.dataset.state === state) return;
    this.#panel.dataset.state = state;
    write(this.#part("say"), word(`store.${state}`));
  }

  #part(name) {
    return this.#panel.querySelector(`[data-part=${name}]`);
  }
}

// Waits so long, or until there is signal again.
export function pause(ms) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener("online", done);
  });
}

function sum(parts, progress, field) {
  return parts.reduce((total, part) => total + progress[part][field], 0);
}
