// The script of every page: notes what is used, sends it, and stores the guide.

import { openDatabase } from "./database.js";
import { Outbox, oneSender, postEvents } from "./outbox.js";
import { followSound } from "./player.js";
import { followRating } from "./rating.js";
import { followScheme } from "./scheme.js";
import { StorePanel, showBrowserHint } from "./store_panel.js";
import { chooseLanguage } from "./stored.js";
import { Storing } from "./storing.js";
import { followSurvey } from "./survey.js";
import { word, write } from "./words.js";

const { town, language } = document.documentElement.dataset;
let tellSound = () => undefined;

async function begin() {
  if (document.prerendering) {
    await new Promise((resolve) => document.addEventListener("prerenderingchange", resolve, { once: true }));
  }
  const database = await openDatabase();
  const outbox = await new Outbox({ database, post: postEvents, alone: oneSender }).open();
  follow(document.querySelector("main"), outbox);
  addEventListener("guide:leave", () => tellSound());
  addEventListener("guide:swapped", () => follow(document.querySelector("main"), outbox));
  sendWhenPossible(outbox);
  if (town) await store(database, outbox);
}

// What a visitor can do in a page's <main>, which the scanner swaps for another.
function follow(main, outbox) {
  const sight = Number(main.dataset.sight ?? 0);
  const note = (fields) => {
    outbox.event({ sight, language, ...fields });
    if (fields.kind !== "opened") outbox.send();
  };
  tellSound = followSound(main, note);
  followRating(main, note);
  followSurvey(main, outbox, { town, language });
  followOptOut(main, outbox);
  if (sight) note({ kind: "opened" });
  showWaiting(main, outbox, "exit.sending");
  outbox.send().then(() => showWaiting(main, outbox));
}

function sendWhenPossible(outbox) {
  addEventListener("online", () => outbox.send().then(() => showWaiting(document.querySelector("main"), outbox)));
  addEventListener("pagehide", () => {
    tellSound();
    outbox.sendLast();
    askForBackgroundSync(outbox);
  });
  // A phone that is put away may never fire pagehide.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState !== "hidden") return;
    tellSound();
    outbox.sendLast();
    askForBackgroundSync(outbox);
  });
}

function askForBackgroundSync(outbox) {
  if (!outbox.waiting) return;
  navigator.serviceWorker?.ready.then((registration) => registration.sync?.register("outbox")).catch(() => undefined);
}

function showWaiting(main, outbox, key = "exit.waiting") {
  const place = main.querySelector("[data-part=outbox]");
  if (!place) return;
  const count = outbox.waiting;
  write(place, count ? word(key, { count }) : word(outbox.quiet ? "exit.nothing" : "exit.sent"));
}

function followOptOut(main, outbox) {
  const place = main.querySelector("[data-part=opt-out]");
  if (!place) return;
  place.hidden = false;
  const [stop, goOn] = place.querySelectorAll("button");
  const show = () => {
    stop.hidden = outbox.quiet;
    goOn.hidden = !outbox.quiet;
    write(place.querySelector("[role=status]"), word(outbox.quiet ? "optout.stopped" : "optout.going_on"));
  };
  show();
  stop.addEventListener("click", () => outbox.setQuiet(true).then(show));
  goOn.addEventListener("click", () => outbox.setQuiet(false).then(show));
}

async function store(database, outbox) {
  const main = document.querySelector("main");
  const panel = main.querySelector("[data-part=store]");
  if (!("serviceWorker" in navigator) || !("caches" in globalThis)) {
    showBrowserHint(document);
    return;
  }
  const ready = navigator.serviceWorker.register("/sw.js").then(() => navigator.serviceWorker.ready);
  ready.catch(() => undefined);
  const storing = new Storing({ caches, fetch: (...all) => fetch(...all), choose: shownFormat });
  const stored = async (mark) => {
    await chooseLanguage(caches, language);
    if ((await database.get("stored")) === mark.hash) return;
    await database.set("stored", mark.hash);
    outbox.event({ kind: "stored", sight: 0, town, language });
    outbox.send();
  };
  if (panel) {
    await database.set("with media", true).catch(() => undefined);
    const deleted = () => database.set("with media", null);
    await alone(() => new StorePanel(panel, { storing, ready, town, language, stored, deleted }).run());
    return;
  }
  await alone(() => storeQuietly({ database, storing, ready, stored })).catch(() => undefined);
}

// On any other page: the pages, and what the entrance's page began and could not end.
async function storeQuietly({ database, storing, ready, stored }) {
  // Null: the visitor deleted the guide; only the entrance's page stores it again.
  if ((await database.get("with media")) === null) return;
  await ready;
  const mark = await storing.storeText(town, language);
  await stored(mark);
  if (await database.get("with media")) await storing.storeMedia(mark, ["sounds", "pictures"]);
}

// Two open pages do not store the same at once.
function alone(work) {
  return navigator.locks ? navigator.locks.request("storing", work) : work();
}

// Of a picture's formats, smallest first, the first one that this browser shows.
async function shownFormat(files) {
  for (const file of files.slice(0, -1)) {
    if (await shows(file)) return file;
  }
  return files.at(-1);
}

const shown = new Map();

function shows({ type, url }) {
  if (!shown.has(type)) {
    shown.set(
      type,
      new Promise((resolve) => {
        const image = new Image();
        image.onload = () => resolve(true);
        image.onerror = () => resolve(false);
        image.src = url;
      }),
    );
  }
  return shown.get(type);
}

followScheme();
begin();
