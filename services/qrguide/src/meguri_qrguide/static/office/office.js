// Comfort for the office's forms; all of them work without it.

for (const button of document.querySelectorAll("button[data-sure]")) {
  button.addEventListener("click", (event) => {
    if (!window.confirm(button.dataset.sure)) event.preventDefault();
  });
}

// A form with unsaved changes asks before its page is left.
for (const form of document.querySelectorAll("form[data-keep]")) {
  let changed = false;
  form.addEventListener("input", () => { changed = true; });
  form.addEventListener("submit", () => { changed = false; });
  window.addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}

// Where a job is: asked for every second, and the page loaded again at its end.
const progress = document.querySelector("progress[data-state]");
if (progress) {
  const ask = async () => {
    try {
      const answer = await fetch(progress.dataset.state, { cache: "no-store" });
      if (!answer.ok) { window.location.reload(); return; }
      const { ended, share } = await answer.json();
      progress.value = share;
      if (ended) { window.location.reload(); return; }
    } catch {
      // The network is away for a moment: ask again.
    }
    window.setTimeout(ask, 1000);
  };
  window.setTimeout(ask, 500);
}
