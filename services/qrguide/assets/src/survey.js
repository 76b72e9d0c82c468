// The survey: every question may be skipped; what is answered waits in the outbox like everything else.

import { randomHex } from "./outbox.js";
import { word, write } from "./words.js";

export function followSurvey(main, outbox, { town, language }) {
  const form = main.querySelector("form[data-part=survey]");
  if (!form) return;
  form.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const answers = readAnswers(new FormData(form), form.dataset.texts.split(" "));
    const status = main.querySelector("[data-part=survey-status]");
    if (!answers.length) {
      write(status, word("survey.empty"));
      return;
    }
    const sheet = { town, language, sheet_id: randomHex(16) };
    answers.forEach((each) => outbox.answer({ ...sheet, ...each }));
    form.hidden = true;
    const sent = await outbox.send();
    write(status, word(sent ? "survey.done" : "survey.done_offline"));
    status.focus();
  });
}

// The answers of a form: several choices of a question are one answer, joined by commas. `texts` are the questions
// that are answered in the visitor's own words.
export function readAnswers(form, texts) {
  return [...new Set(form.keys())].flatMap((question) => {
    const values = form.getAll(question).map((value) => value.trim()).filter(Boolean);
    if (!values.length) return [];
    if (texts.includes(question)) return [{ question, free_text: values.join("\n").slice(0, 500) }];
    return [{ question, answer: values.join(",") }];
  });
}
