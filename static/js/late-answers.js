// After the exam: what this device could not send before the end is sent once more, and what the server says of it shown.
import { AnswerOutbox } from "./answer-outbox.js";

const note = document.getElementById("late");
const nothing = () => {};

new AnswerOutbox({
  attempt: note.dataset.attempt, now: Date.now, isSure: () => true, numberOf: nothing,
  urlFor: (question) => note.dataset.save.replace("00000000-0000-0000-0000-000000000000", question),
  onState: nothing, onReply: nothing, onRefused: nothing, onOverruled: nothing, onElsewhere: nothing,
  onLate(problem, entries) {
    const asked = [...new Set(entries.map(({ number }) => number).filter(Boolean))].sort((a, b) => a - b);
    note.querySelector("[data-said]").textContent = problem.detail;
    note.querySelector("[data-asked]").textContent = note.dataset.hint.replace("{}", asked.join(", "));
    note.hidden = false;
  },
}).restore();
