// How long a sound was listened to: seconds of it that were played, each counted once, however often it is repeated.

const FINISHED = 0.95;

export class Listening {
  #told = 0;
  #finished = false;
  #tell;

  // `tell({ kind, seconds })` hears of what is to be noted.
  constructor(tell) {
    this.#tell = tell;
  }

  // Tell what was listened to since the last time. `audio` is the element, or what has its `played` and `duration`.
  tell(audio) {
    const seconds = playedSeconds(audio.played);
    const fresh = Math.round(seconds) - this.#told;
    if (fresh >= 1) {
      this.#told += fresh;
      this.#tell({ kind: "listened", seconds: fresh });
    }
    if (!this.#finished && audio.duration > 0 && seconds >= audio.duration * FINISHED) {
      this.#finished = true;
      this.#tell({ kind: "finished" });
    }
  }
}

function playedSeconds(played) {
  let seconds = 0;
  for (let index = 0; index < played.length; index += 1) seconds += played.end(index) - played.start(index);
  return seconds;
}
