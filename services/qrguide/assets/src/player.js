// A sight's sound: one large button beside the browser's own controls, the lock screen, and what was listened to.

import { Listening } from "./listening.js";
import { word, write } from "./words.js";

// Gives a function that tells what was listened to until now.
export function followSound(main, note) {
  const audio = main.querySelector("audio");
  if (!audio) return () => undefined;
  const button = main.querySelector("[data-part=play]");
  const listening = new Listening(note);
  const tell = () => listening.tell(audio);
  const show = () => {
    write(button, word(audio.paused ? "sound.play" : "sound.pause"));
    button.setAttribute("aria-pressed", String(!audio.paused));
  };
  button.hidden = false;
  show();
  button.addEventListener("click", () => (audio.paused ? audio.play().catch(() => undefined) : audio.pause()));
  const back = main.querySelector("[data-part=back]");
  back.hidden = false;
  back.addEventListener("click", () => (audio.currentTime -= 10));
  audio.addEventListener("play", () => {
    nameOnLockScreen(main, audio);
    show();
  });
  audio.addEventListener("pause", () => {
    tell();
    show();
  });
  audio.addEventListener("ended", tell);
  audio.addEventListener("error", () => {
    write(main.querySelector("[data-part=sound-note]"), word("sound.failed"));
  });
  return tell;
}

function nameOnLockScreen(main, audio) {
  if (!("mediaSession" in navigator)) return;
  const picture = main.querySelector("img");
  navigator.mediaSession.metadata = new MediaMetadata({
    title: main.querySelector("h1").textContent,
    artist: document.documentElement.dataset.guide,
    artwork: picture ? [{ src: picture.currentSrc || picture.src }] : [],
  });
  const acts = {
    play: () => audio.play(),
    pause: () => audio.pause(),
    seekbackward: ({ seekOffset }) => (audio.currentTime -= seekOffset ?? 10),
    seekforward: ({ seekOffset }) => (audio.currentTime += seekOffset ?? 10),
    seekto: ({ seekTime }) => (audio.currentTime = seekTime),
  };
  for (const [name, act] of Object.entries(acts)) {
    try {
      navigator.mediaSession.setActionHandler(name, act);
    } catch {
      // This browser does not know the act.
    }
  }
}
