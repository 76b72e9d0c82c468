// The service worker of the guide.

import { createPartialResponse } from "workbox-range-requests/createPartialResponse.js";
import { answer, isOurs } from "./answering.js";
import { openDatabase } from "./database.js";
import { Outbox, oneSender, postEvents } from "./outbox.js";
import { withinFile } from "./ranges.js";

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

self.addEventListener("fetch", (event) => {
  if (!isOurs(event.request, self.location.origin)) return;
  event.respondWith(answer(event.request, { caches: self.caches, fetch: (...all) => self.fetch(...all), partial }));
});

// Chromium alone: notes go out when the signal is back, the page closed or not.
self.addEventListener("sync", (event) => {
  if (event.tag === "outbox") event.waitUntil(sendWaiting());
});

async function sendWaiting() {
  const database = await openDatabase();
  const outbox = await new Outbox({ database, post: postEvents, alone: oneSender }).open();
  if (!(await outbox.send())) throw new Error("not everything could be sent; the browser asks again");
}

async function partial(request, whole) {
  const bytes = await whole.blob();
  const range = withinFile(request.headers.get("range"), bytes.size);
  if (range === null) return new Response(null, { status: 416, headers: { "Content-Range": `bytes */${bytes.size}` } });
  return createPartialResponse(
    new Request(request.url, { headers: { Range: range } }),
    new Response(bytes, { headers: whole.headers }),
  );
}
