// The scanner: stays in its page and swaps the sight in, so that the camera is asked for once.

import { BarcodeDetector as OwnDetector } from "qr/decode.js";
import { readCode } from "./codes.js";
import { word, write } from "./words.js";

const EVERY_MS = 150;

const scanner = document.querySelector("[data-part=scanner]");
const video = scanner.querySelector("video");
const { town } = document.documentElement.dataset;
const sights = scanner.dataset.sights.split(" ").map(Number);
let stream = null;
let looking = false;

const part = (name) => scanner.querySelector(`[data-part=${name}]`);

async function start() {
  if (!navigator.mediaDevices?.getUserMedia) return say("scan.no_camera");
  try {
    stream ??= await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } },
    });
  } catch (error) {
    return say(error.name === "NotAllowedError" ? "scan.refused" : "scan.no_camera");
  }
  stream.getTracks().forEach((track) => (track.enabled = true));
  video.srcObject = stream;
  show("view", "stop");
  say("scan.looking");
  await video.play();
  look(await detector());
}

function scanNext() {
  scrollTo(0, 0);
  start();
}

// Lets the camera go when the page is put away, else it would drain the battery in the pocket.
function release() {
  rest();
  stream?.getTracks().forEach((track) => track.stop());
  stream = null;
}

function rest() {
  looking = false;
  video.pause();
  stream?.getTracks().forEach((track) => (track.enabled = false));
}

async function detector() {
  const native = globalThis.BarcodeDetector;
  const formats = native ? await native.getSupportedFormats().catch(() => []) : [];
  const Detector = formats.includes("qr_code") ? native : OwnDetector;
  return new Detector({ formats: ["qr_code"] });
}

async function look(codes) {
  looking = true;
  while (looking) {
    const [found] = await codes.detect(video).catch(() => []);
    if (found && looking) return read(found.rawValue);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}

async function read(text) {
  const code = readCode(text, { origin: location.origin, town, sights });
  if (code.kind === "sight") {
    rest();
    await open(`/s/${code.number}`);
  } else if (code.kind === "page") {
    location.assign(code.path);
  } else {
    rest();
    warn(code);
  }
}

function warn({ kind, shown }) {
  const warning = part("warning");
  write(warning.querySelector("p"), word(`scan.${kind}`));
  warning.querySelector("code").textContent = shown;
  show("warning", "again");
  say(null);
  warning.focus();
}

// Of the scanner's parts that come and go, shows these alone.
function show(...names) {
  for (const name of ["view", "warning", "start", "stop", "again"]) part(name).hidden = !names.includes(name);
}

function say(key) {
  write(part("say"), key ? word(key) : "");
}

// Puts the page of a sight in the place of what is shown.
async function open(path, { remember = true } = {}) {
  dispatchEvent(new Event("guide:leave"));
  let text;
  try {
    const response = await fetch(path, { headers: { Accept: "text/html" } });
    text = await response.text();
  } catch {
    location.assign(path);
    return;
  }
  const page = new DOMParser().parseFromString(text, "text/html");
  const main = document.querySelector("main");
  if (remember) history.pushState({ path }, "", path);
  document.title = page.title;
  main.replaceWith(document.adoptNode(page.querySelector("main")));
  show("again");
  say(null);
  scrollTo(0, 0);
  const fresh = document.querySelector("main");
  fresh.tabIndex = -1;
  fresh.focus({ preventScroll: true });
  dispatchEvent(new Event("guide:swapped"));
}

show("start");
part("start").addEventListener("click", start);
part("stop").addEventListener("click", () => {
  release();
  show("start");
  say(null);
});
part("again").addEventListener("click", scanNext);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState !== "hidden" || !stream) return;
  if (!part("view").hidden) show("start");
  release();
});
addEventListener("popstate", (event) => (event.state ? open(event.state.path, { remember: false }) : location.reload()));
// What is opened from a sight stays in this page too.
document.addEventListener("click", (event) => {
  const link = event.target.closest("main a[href^='/s/'], .bottom a[href^='/scan']");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const path = new URL(link.href).pathname;
  if (path === "/scan") scanNext();
  else open(path);
});
