// What all parts of the desk share: the paper, its words, and what is in view.
export const root = document.getElementById("desk");
export const words = JSON.parse(root.dataset.words);
export const data = JSON.parse(document.getElementById("desk-data").textContent);
export const { questions, pages, can_mark: canMark } = data;
export const numbers = [...new Set(questions.map((q) => q.number))];
export const notAttempted = new Set(questions.filter((q) => q.not_attempted).map((q) => q.number));
export const phone = matchMedia("(max-width:760px),(max-width:920px) and (orientation:portrait)");

export const $ = (selector, from = root) => from.querySelector(selector);
export const $$ = (selector, from = root) => [...from.querySelectorAll(selector)];
export const fill = (text, ...values) => values.reduce((t, v) => t.replace("{}", v), text);
export const toast = (text, level = "error") => document.dispatchEvent(new CustomEvent("toast", { detail: { text, level } }));
export const addressOf = (url, id) => url.replace("00000000-0000-0000-0000-000000000000", id);

/** In view: `spot` is where the pointer is on the page, in 0–1 of it, or null; `step` the step pressed last. */
export const now = {
  question: questions.find((q) => q.id === data.opens.question),
  page: pages.find((p) => p.id === data.opens.page),
  tool: "tick", step: null, spot: null, active: Date.now(),
};

export const rubric = {}; // of a project

export const questionOf = (id) => questions.find((q) => q.id === id);
export const pageOf = (id) => pages.find((p) => p.id === id);
export const firstPage = (q) => pages.find((p) => q?.pages.includes(p.id));
