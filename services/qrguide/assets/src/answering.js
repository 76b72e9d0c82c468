// How the service worker answers. It only reads caches: what stands in them was put there by `storing.js`, which
// checked it, so neither a redirect nor an opaque answer can be among it.

import { MEDIA, chooseLanguage, chosenLanguage, wholeGuides } from "./stored.js";

// Longer than this, a weak signal is no signal.
const NETWORK_MS = 2_000;
const PAGE = /^\/($|s$|s\/|g\/|scan$|x\/|q\/|n\/|o\/)/;
const OFFLINE = "/.offline";

// Whether a request is answered here; the rest goes to the network as if there were no worker.
export function isOurs({ method, url }, origin) {
  const address = new URL(url);
  if (method !== "GET" || address.origin !== origin) return false;
  return PAGE.test(address.pathname) || /^\/(static|m)\//.test(address.pathname);
}

// `partial(request, response)` cuts what a Range header asks for out of a whole response.
export async function answer(request, { caches, fetch, partial }) {
  const address = new URL(request.url);
  if (address.pathname.startsWith("/m/")) return answerMedia(request, { caches, fetch, partial });
  if (address.pathname.startsWith("/static/")) return answerStatic(request, address, { caches, fetch });
  return answerPage(request, address, { caches, fetch });
}

async function answerMedia(request, { caches, fetch, partial }) {
  const media = await caches.open(MEDIA);
  const whole = await media.match(new URL(request.url).pathname);
  if (!whole) return fetch(request);
  return request.headers.has("range") ? partial(request, whole) : whole;
}

// A page and its styles and scripts are of one build: the exact address first, any version where there is no signal.
async function answerStatic(request, address, { caches, fetch }) {
  const guides = await wholeGuides(caches);
  const exact = await firstMatch(guides, address.pathname + address.search);
  if (exact) return exact;
  const fresh = await network(request, fetch);
  return fresh ?? (await firstMatch(guides, address.pathname, { ignoreSearch: true })) ?? Response.error();
}

async function answerPage(request, address, { caches, fetch }) {
  const asked = address.searchParams.get("lang");
  if (asked) await chooseLanguage(caches, asked);
  const language = asked ?? (await chosenLanguage(caches));
  const town = address.searchParams.get("t");
  const guides = (await wholeGuides(caches)).sort((one, other) => (other.town === town) - (one.town === town));
  const path = pagePath(address);
  const inLanguage = guides.filter((guide) => !language || guide.language === language);
  const stored = await firstMatch(inLanguage, path);
  if (stored) return stored;
  const fresh = await network(request, fetch);
  if (fresh) return fresh;
  return (await firstMatch(guides, path)) ?? (await offlinePage([...inLanguage, ...guides]));
}

// The page's own address: a typed number opens the sight's page.
function pagePath(address) {
  const typed = address.pathname === "/s" && address.searchParams.get("n")?.trim();
  return typed && /^\d+$/.test(typed) ? `/s/${Number(typed)}` : address.pathname;
}

async function offlinePage(guides) {
  const page = await firstMatch(guides, OFFLINE);
  return page ? new Response(page.body, { status: 503, headers: page.headers }) : Response.error();
}

async function firstMatch(guides, path, options) {
  for (const { cache } of guides) {
    const found = await cache.match(path, options);
    if (found) return found;
  }
  return undefined;
}

async function network(request, fetch) {
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), NETWORK_MS);
  try {
    return await fetch(request, { signal: patience.signal });
  } catch {
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
