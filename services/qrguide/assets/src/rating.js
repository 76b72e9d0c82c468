// One tap says how a sight was.

import { word, write } from "./words.js";

export function followRating(main, note) {
  const rating = main.querySelector("[data-part=rating]");
  if (!rating) return;
  rating.hidden = false;
  for (const button of rating.querySelectorAll("button")) {
    button.addEventListener("click", () => {
      note({ kind: "rated", rating: Number(button.value) });
      for (const each of rating.querySelectorAll("button")) {
        each.setAttribute("aria-pressed", String(each === button));
        each.disabled = true;
      }
      write(rating.querySelector("[role=status]"), word("rating.thanks"));
    });
  }
}
