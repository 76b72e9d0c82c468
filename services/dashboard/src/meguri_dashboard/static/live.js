// Keeps a town's page up to date: an event says what changed, the page fetches that part and puts it in place.
// Where no event arrives for a while, it asks by itself. Without this script the page stands as it was loaded.
const { events, pollMs } = document.body.dataset;
const lost = document.getElementById("lost");
const parts = { live: document.getElementById("live"), day: document.getElementById("figures") };
const asking = {};
let timer;

function pollLater() {
  clearTimeout(timer);
  timer = setTimeout(() => Promise.all([renew("live"), renew("day")]).then(pollLater), Number(pollMs));
}

async function renew(name) {
  asking[name]?.abort();
  const abort = (asking[name] = new AbortController());
  try {
    const answer = await fetch(parts[name].dataset.fragment, { signal: abort.signal });
    if (answer.status === 404) location.reload();
    else put(parts[name], await answer.text());
    lost.hidden = true;
  } catch (error) {
    if (error.name !== "AbortError") lost.hidden = false;
  }
}

// Another period, or the first day: picker and addresses change with it, so the page is loaded anew.
function put(part, html) {
  const fresh = document.createElement("template");
  fresh.innerHTML = html;
  const period = fresh.content.querySelector("[data-period]:not([data-failed])")?.dataset.period;
  const shown = part.querySelector("[data-period]:not([data-failed])")?.dataset.period;
  if (period !== undefined && period !== shown) {
    location.reload();
    return;
  }
  const open = [...part.querySelectorAll("details[open]")].map((details) => details.id);
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const within = focused?.closest("details")?.id;
  const tag = focused?.localName;
  part.replaceChildren(fresh.content);
  open.forEach((id) => document.getElementById(id)?.setAttribute("open", ""));
  if (within) document.getElementById(within)?.querySelector(tag === "summary" ? "summary" : "[tabindex]")?.focus();
}

const source = new EventSource(events);
for (const name of Object.keys(parts)) {
  source.addEventListener(name, () => {
    renew(name);
    pollLater();
  });
}
source.addEventListener("open", () => (lost.hidden = true));
source.addEventListener("error", () => (lost.hidden = false));
pollLater();

// Paper shows every table; browsers that cannot do so by style alone are helped here.
addEventListener("beforeprint", () => {
  const closed = [...document.querySelectorAll("details:not([open])")];
  closed.forEach((details) => (details.open = true));
  addEventListener("afterprint", () => closed.forEach((details) => (details.open = false)), { once: true });
});
