// Pages that are read in the cave are dark whatever the phone prefers; a button makes them follow the phone.

import { word, write } from "./words.js";

const NAME = "meguri scheme";
const BRIGHT = "bright";

export function followScheme() {
  const dark = document.getElementById("dark");
  const button = document.querySelector("[data-part=scheme]");
  if (!dark || !button) return;
  let isBright = remembered() === BRIGHT;
  const show = () => {
    dark.media = isBright ? "not all" : "all";
    write(button, word(isBright ? "page.dark" : "page.bright"));
  };
  button.hidden = !matchMedia("(prefers-color-scheme: light)").matches;
  show();
  button.addEventListener("click", () => {
    isBright = !isBright;
    remember(isBright ? BRIGHT : "dark");
    show();
  });
}

function remembered() {
  try {
    return localStorage.getItem(NAME);
  } catch {
    return null;
  }
}

function remember(value) {
  try {
    localStorage.setItem(NAME, value);
  } catch {
    // A window that keeps nothing shows each page dark.
  }
}
