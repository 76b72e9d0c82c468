// The entrance page's panel: stores the guide, and says so large enough to be seen from two metres.

import { RefusedError, untilDone } from "./storing.js";
import { deleteAll } from "./stored.js";
import { megabytes, word } from "./words.js";

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

  // `ready` is settled when a service worker answers for the guide; `stored(mark)` hears of a guide that is whole.
  constructor(panel, { storing, ready, town, language, stored }) {
    this.#panel = panel;
    this.#storing = storing;
    this.#ready = ready;
    this.#town = town;
    this.#language = language;
    this.#stored = stored;
  }

  async run() {
    this.#panel.hidden = false;
    this.#part("delete").addEventListener("click", () => this.#delete());
    try {
      const before = await this.#storing.stored(this.#town, this.#language);
      if (before && navigator.serviceWorker.controller) this.#showReady(before.progress);
      else this.#say("working");
      await this.#ready;
      const mark = await untilDone(
        () => this.#storing.storeText(this.#town, this.#language, (progress) => this.#showText(progress)),
        () => this.#showCut(),
        pause,
      );
      await this.#stored(mark);
      if (navigator.connection?.saveData) await this.#askedToGoOn();
      await this.#storeMedia(mark, ["sounds", "pictures"]);
      this.#offerVideos(mark);
    } catch (error) {
      this.#showRefused(error);
    }
  }

  async #storeMedia(mark, parts) {
    this.#showReady((await this.#storing.stored(this.#town, this.#language)).progress);
    const progress = await untilDone(
      () => this.#storing.storeMedia(mark, parts, (now) => this.#showReady(now)),
      () => this.#showCut(),
      pause,
    );
    this.#showReady(progress);
  }

  #offerVideos(mark) {
    const button = this.#part("videos");
    const files = mark.media.filter((file) => file.part === "videos");
    if (!files.length) return;
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    button.textContent = word("store.video", { size: megabytes(bytes) });
    button.hidden = false;
    button.addEventListener("click", async () => {
      button.disabled = true;
      await this.#storeMedia(mark, ["videos"]).catch((error) => this.#showRefused(error));
      button.hidden = true;
    });
  }

  async #askedToGoOn() {
    const button = this.#part("go-on");
    button.hidden = false;
    this.#showReady((await this.#storing.stored(this.#town, this.#language)).progress);
    await new Promise((resolve) => button.addEventListener("click", resolve, { once: true }));
    button.hidden = true;
  }

  async #delete() {
    await deleteAll(caches);
    this.#say("deleted");
    this.#part("delete").hidden = true;
    this.#part("progress").hidden = true;
  }

  #showText({ done, total }) {
    if (this.#panel.dataset.state !== "working") this.#part("note").textContent = word("store.update");
    this.#showBytes(done, total);
  }

  #showReady(progress) {
    const { sounds } = progress;
    const withSound = sounds.of > 0 && sounds.files === sounds.of;
    this.#say(withSound ? "ready_sound" : "ready");
    this.#part("note").textContent = sounds.files < sounds.of ? word("store.sound_coming") : "";
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
    bar.querySelector("span").textContent = word("store.progress", { done: megabytes(done), total: megabytes(total) });
  }

  #showCut() {
    if (this.#panel.dataset.state === "working") this.#say("cut");
    else this.#part("note").textContent = word("store.cut");
  }

  #showRefused(error) {
    const isReady = this.#panel.dataset.state?.startsWith("ready");
    if (!(error instanceof RefusedError)) console.warn(error);
    if (isReady) this.#part("note").textContent = word("store.full");
    else this.#say("refused");
  }

  #say(state) {
    if (this.#panel.dataset.state === state) return;
    this.#panel.dataset.state = state;
    this.#part("say").textContent = word(`store.${state}`);
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
