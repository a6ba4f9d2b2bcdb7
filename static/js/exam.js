// The exam page: one question at a time, palette, keys, autosave, the clock, submitting.
import { AnswerOutbox } from "./answer-outbox.js";
import { answerOf, isPartly, listenForMoves, previewExpressions, show } from "./exam-answers.js";
import { ExamClock, clockText } from "./exam-clock.js";
import { QuestionTimes } from "./exam-times.js";
import { ExamWriter } from "./exam-writer.js";
import { keepPage, letGo, pageAsSent } from "./exam-keeping.js";
import { FlightRecord } from "./flight-record.js";
import { readReply } from "./replies.js";
import { csrf, signedOut } from "./signed-in.js";

const form = document.getElementById("exam");
const sentPage = "kept" in form.dataset ? null : pageAsSent(form);
const words = JSON.parse(form.dataset.words);
const $ = (selector, root = form) => root.querySelector(selector);
const $$ = (selector, root = form) => [...root.querySelectorAll(selector)];
const fill = (text, value) => text.replace("{}", value);
const numbers = $$(".exam__q").map((el) => Number(el.dataset.number));
const bodies = new Map($$("[data-question]").map((el) => [el.dataset.question, el]));
const visitedKey = `abhyas-visited-${form.dataset.attempt}`;
const narrow = matchMedia("(max-width:960px)");
const palette = document.getElementById("palette");
const TYPING = 800; // ms without a key before what is typed is sent; it is on this device at once
let current = numbers[0];
let visited = new Set();
try { visited = new Set(JSON.parse(localStorage.getItem(visitedKey) || "[]")); } catch { /* starts empty */ }

/* --- Where a question stands --- */
const article = (number) => document.getElementById(`q${number}`);
const bodiesOf = (number) => $$("[data-question]", article(number));
const isDone = (number) => bodiesOf(number).some((body) => Object.keys(answerOf(body)).length);
const isHalf = (number) => {
  const begun = bodiesOf(number).filter((body) => Object.keys(answerOf(body)).length);
  return begun.length > 0 && begun.every(isPartly);
};
const isFlagged = (number) => bodiesOf(number).some((body) => body.dataset.marked === "1");

function stateOf(number) {
  const base = isHalf(number) ? "part" : isDone(number) ? "done" : visited.has(number) ? "seen" : "new";
  return isFlagged(number) ? `${base === "done" ? "done" : "seen"}-flag` : base;
}

function paint() {
  const counts = {};
  for (const number of numbers) {
    const state = stateOf(number);
    counts[state] = (counts[state] ?? 0) + 1;
    const link = $(`[data-go="${number}"]`);
    link.dataset.state = state;
    link.querySelector(".vh").textContent = `, ${words[state]}`;
    if (number === current) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
    $("[data-flag]", article(number)).hidden = !isFlagged(number);
  }
  for (const el of $$("[data-count]")) el.textContent = counts[el.dataset.count] ?? 0;
  $("#review").setAttribute("aria-pressed", isFlagged(current));
  return counts;
}

function go(number, focus = true) {
  if (!numbers.includes(number)) return;
  visited.add(number);
  try { localStorage.setItem(visitedKey, JSON.stringify([...visited])); } catch { /* only the palette forgets */ }
  current = number;
  times.move(timedBody(number));
  const here = article(number);
  for (const el of $$(".exam__q, .exam__section")) {
    el.toggleAttribute("data-here", el === here || el.contains(here));
  }
  for (const tab of $$("[data-section]", $(".exam__sections"))) {
    tab.toggleAttribute("aria-current", false);
    if (tab.dataset.section === here.dataset.section) { tab.setAttribute("aria-current", "true"); tab.scrollIntoView({ inline: "nearest", block: "nearest" }); }
  }
  history.replaceState(null, "", `#q${number}`);
  paint();
  scrollTo({ top: 0 });
  if (focus) here.focus({ preventScroll: true });
}

/* --- Saving --- */
const saved = document.getElementById("saved"), late = document.getElementById("late");
const toast = (text, level) => document.dispatchEvent(new CustomEvent("toast", { detail: { text, level } }));
const numberOf = (question) => Number(bodies.get(question)?.closest(".exam__q").dataset.number);
let clock, record, writer;

const outbox = new AnswerOutbox({
  attempt: form.dataset.attempt,
  urlFor: (question) => form.dataset.save.replace("00000000-0000-0000-0000-000000000000", question),
  now: () => clock.now(),
  isSure: () => clock.sure,
  ask: () => askClock(),
  numberOf,
  onState(state, waiting) {
    const kept = ["kept", "signed_out", "late"].includes(state);
    if (state === "kept") record?.lost();
    if (saved.dataset.state === state && !kept) return;
    saved.dataset.state = kept ? "kept" : state;
    saved.querySelector("span").textContent = fill(words[state] ?? saved.dataset.kept, waiting);
  },
  onReply(body, sent) {
    heard(body);
    if (bodies.has(sent?.question)) bodies.get(sent.question).dataset.seq = sent.seq;
    record?.reached();
    if (sent?.seconds && body.applied) times.confirm(sent.question, sent.seconds);
  },
  onRefused(problem) {
    if (problem.code === "question_closed") settleClosed(problem);
    toast(problem.detail || words.refused, "error");
  },
  onLate(problem, entries) {
    const asked = [...new Set(entries.map(({ number }) => number))].sort((a, b) => a - b);
    late.querySelector("[data-said]").textContent = problem.detail;
    late.querySelector("[data-asked]").textContent = fill(words.late, asked.join(", "));
    if (!late.open) late.showModal();
  },
  onOverruled({ question }) {
    toast(fill(words.overruled, numberOf(question)));
    catchUp();
  },
  onElsewhere(entry) {
    if (bodies.has(entry.question)) reveal(bodies.get(entry.question), entry);
    paint();
  },
});
/** What every reply about the attempt says: the time, the end, which device writes. */
function heard(body) {
  const wasSure = clock.sure;
  clock.sync(body.server_now, body.ends_at);
  if (!wasSure) catchUp(); // a page that was kept shows what was true then
  writer?.hear(body.writer, record?.shelf.store && outbox.device);
}
/** Shows what the server has newer than this page, from another tab or device. */
async function catchUp() {
  let body;
  try { ({ body } = await readReply(await fetch(form.dataset.stored, { signal: AbortSignal.timeout?.(10000) }))); } catch { return; /* shown with the next page */ }
  for (const [question, stored] of Object.entries(body?.responses ?? {})) {
    const shown = bodies.get(question);
    if (!shown || outbox.waiting.has(question) || Number(shown.dataset.seq) >= stored.seq) continue;
    outbox.has(question, stored.seq);
    reveal(shown, { ...stored, marked: stored.marked_for_review });
  }
  paint();
}
async function restore() {
  for (const entry of await outbox.restore()) if (bodies.has(entry.question)) reveal(bodies.get(entry.question), entry);
  paint();
}
function reveal(body, { seq, answer, marked, certainty }) {
  show(body, answer ?? {});
  body.dataset.seq = seq;
  body.dataset.marked = marked ? "1" : "";
  for (const said of $$("[data-certainty]", body)) said.checked = Number(said.value) === certainty;
}
for (const [id, body] of bodies) outbox.has(id, Number(body.dataset.seq));

const times = new QuestionTimes({
  attempt: form.dataset.attempt, url: form.dataset.times,
  stored: new Map([...bodies].map(([id, body]) => [id, Number(body.dataset.seconds)])),
});
/** Of two alternatives the time is that of the one that is answered. */
const timedBody = (number) => (bodiesOf(number).find((body) => Object.keys(answerOf(body)).length) ?? bodiesOf(number)[0]).dataset.question;

function save(body, rest = 0) {
  if (!writer.writes) return;
  const { question } = body.dataset;
  const put = outbox.put(question, answerOf(body), body.dataset.marked === "1", certaintyOf(body), times.of(question), rest);
  body.dataset.seq = outbox.seqs.get(question);
  times.move(timedBody(current));
  return put;
}
const certaintyOf = (body) => Number(body.querySelector("[data-certainty]:checked")?.value) || undefined;
const isClosed = (body) => !!body.querySelector("[data-fields]:disabled");
/** A question that was finished in another tab: what stands there is shown, and nothing more is sent. */
function settleClosed(problem) {
  const body = bodies.get(problem.question);
  if (!body) return;
  show(body, problem.answer);
  outbox.has(problem.question, problem.seq);
  body.querySelector("[data-fields]").disabled = true;
  body.querySelector("[data-check]").hidden = true;
  paint();
}
form.addEventListener("input", (event) => {
  const body = event.target.closest("[data-question]");
  if (!body) return;
  save(body, event.target.type === "text" ? TYPING : 0);
  paint();
});
form.addEventListener("change", (event) => {
  const body = event.target.closest("[data-question]");
  if (body && event.target.type === "text") outbox.flushAll();
});
addEventListener("pagehide", () => { outbox.flushAll(); times.flush(); });
addEventListener("visibilitychange", () => {
  outbox.flushAll();
  times.flush();
  if (!document.hidden) record.inquire();
});
/** How the attempt stands now, for a page that slept or has not heard of the server for long: more time, or the end. */
async function askClock() {
  const response = await fetch(form.dataset.clock, { signal: AbortSignal.timeout?.(10000) });
  if (signedOut(response)) return;
  const { body } = await readReply(response);
  if (!body && (response.ok || response.status >= 500)) throw new Error("somebody else answered");
  if (!body) return;
  heard(body);
  if (body.state === "in_progress") return;
  // Not awaited: what is sending may be waiting for this very word.
  outbox.flushAll().then(() => { if (!outbox.over) location.reload(); });
}

/* --- Moving, marking, clearing --- */
const step = (by) => go(numbers[numbers.indexOf(current) + by] ?? current);
function flag(on) {
  for (const body of bodiesOf(current)) { body.dataset.marked = on ? "1" : ""; save(body); }
  paint();
}
function clearAnswer() {
  for (const body of bodiesOf(current)) if (!isClosed(body)) { show(body, {}); save(body); }
  paint();
}
form.addEventListener("click", (event) => {
  const el = event.target.closest("button, a");
  if (!el) return;
  if (el.dataset.go) { event.preventDefault(); if (palette.matches(":modal")) palette.close(); go(Number(el.dataset.go)); }
  else if (el.dataset.step) step(Number(el.dataset.step));
  else if (el.dataset.section) go(numbers.find((n) => article(n).dataset.section === el.dataset.section));
  else if (el.id === "review") { const on = !isFlagged(current); flag(on); if (on) step(1); }
  else if (el.id === "clear") clearAnswer();
  else if (el.id === "finish") finish();
  else if (el.id === "clock-toggle") hideClock(el.getAttribute("aria-pressed") !== "true");
});
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog:modal")) return;
  if (event.target.matches("input[type=text], input:not([type]), textarea, select")) return;
  const key = event.key.toLowerCase();
  const option = $$(".exam__options input", article(current))[Number(key) - 1];
  if (option) { option.click(); option.focus(); }
  else if (key === "n") step(1);
  else if (key === "p") step(-1);
  else if (key === "m") document.getElementById("review").click();
});

/* --- Clock --- */
const clockBox = $(".exam__clock"), digits = document.getElementById("clock");
let hidden = false;
function hideClock(on) {
  hidden = on;
  const toggle = document.getElementById("clock-toggle");
  toggle.setAttribute("aria-pressed", on);
  clock.tick();
}
/** Of a kept page: what the device's clock makes of it, but never less than this page has known before. */
function guessNow() {
  let known = 0;
  try { known = Number(localStorage.getItem(`abhyas-alive-${form.dataset.attempt}`)); } catch { /* no floor */ }
  return new Date(Math.max(known, Date.parse(form.dataset.now) + Date.now() - Number(form.dataset.kept))).toISOString();
}
clock = new ExamClock({
  endsAt: form.dataset.ends, serverNow: sentPage ? form.dataset.now : guessNow(), isGuess: !sentPage,
  onTick(left) {
    digits.textContent = hidden && left > 300 ? words.hidden : clockText(left);
    clockBox.toggleAttribute("data-near", left <= 600);
  },
  onMark(minutes) { const say = document.getElementById("say"); say.textContent = minutes === 1 ? say.dataset.one : fill(words.left, minutes); },
  onMore(minutes) {
    toast(minutes === 1 ? words.more_one : fill(words.more, minutes));
  },
  onEnd: () => setTimeout(submit), // also while this script is still being read
});
record = new FlightRecord({
  attempt: form.dataset.attempt, url: form.dataset.events, now: () => clock.now(), ask: askClock,
  onReply(body) { writer.told(body.writer === outbox.device); heard(body); record.reached(); },
});
record.device.then((device) => { outbox.device = device; writer.hear(form.dataset.writer, record.shelf.store && device); });

/* --- Which tab and which device writes --- */
const elsewhere = document.getElementById("elsewhere");
writer = new ExamWriter({
  attempt: form.dataset.attempt,
  onChange(writes, where) {
    elsewhere.hidden = writes;
    elsewhere.querySelector("[data-said]").textContent = words[`other_${where}`];
    for (const field of $$("[data-question] :is(input, select, button), #review, #clear, #finish, #submit-now")) {
      if (!writes && !field.disabled) { field.disabled = true; field.dataset.off = ""; }
      if (writes && "off" in field.dataset) { field.disabled = false; delete field.dataset.off; }
    }
    if (writes) { restore(); catchUp(); } else outbox.flushAll();
  },
  onTake() { record.note("taken"); record.flush(); },
});
document.getElementById("write-here").addEventListener("click", () => writer.take());

/* --- Submitting --- */
function finish() {
  if (palette.matches(":modal")) palette.close();
  const counts = paint();
  const open = numbers.filter((n) => !isDone(n)), half = numbers.filter(isHalf);
  const list = (text, some) => (some.length ? `<p class="mt">${fill(text, some.slice(0, 12).join(", ") + (some.length > 12 ? " …" : ""))}</p>` : "");
  const row = (label, value, bad) => `<div${bad ? ' class="bad"' : ""}><dt>${label}</dt><dd class="num">${value}</dd></div>`;
  document.getElementById("confirm-body").innerHTML = `<dl class="counts">${row(words.done, numbers.length - open.length)}${
    row(words.open, open.length, open.length)}${row(words.flagged, (counts["seen-flag"] ?? 0) + (counts["done-flag"] ?? 0))}</dl>${
    list(words.unanswered, open)}${list(words.unfinished, half)}`;
  document.getElementById("confirm").showModal();
}

let submitted = false;
/** Only while time is still up: a device's clock that jumped has been put right meanwhile, and then nobody submits. */
const submitAtEnd = () => { if (!clock.left()) submit(); };
async function submit() {
  if (submitted) return;
  if (!writer.writes) { setTimeout(() => askClock().catch(() => {}).then(submitAtEnd), 5000); return; } // whoever writes ends it, or the server
  submitted = true;
  const atLimit = !clock.left();
  const button = document.getElementById("submit-now");
  button.setAttribute("aria-busy", "true");
  await outbox.flushAll();
  if (outbox.over) return; // what came too late is said, with the way on
  const reached = !outbox.waiting.size && await askClock().then(() => true, () => false);
  if (!reached || (atLimit && clock.left())) { // or the device only thought that time is up
    submitted = false;
    button.removeAttribute("aria-busy");
    // At the limit the server takes answers a little longer, and then submits by itself.
    if (atLimit) { if (!clock.left()) setTimeout(submitAtEnd, 2000); } else toast(words.not_sent, "error");
    return;
  }
  await Promise.all([times.flush(), letGo()]);
  csrf();
  form.submit();
}
form.addEventListener("submit", (event) => {
  if (event.submitter?.hasAttribute("formaction")) return; // one question, the way of a page without scripts
  event.preventDefault();
  submit();
});

late.addEventListener("close", () => {
  if (outbox.over.code !== "time_up") { location.reload(); return; }
  csrf();
  letGo().then(() => form.submit());
});

/* --- Start --- */
listenForMoves(form, words);
previewExpressions(form, words);
if ("checks" in form.dataset) import("./exam-checks.js").then(({ listenForChecks }) => listenForChecks({ form, words, outbox, save, settleClosed }));
const layout = () => { if (!narrow.matches && palette.matches(":modal")) palette.close(); };
narrow.addEventListener("change", layout);
form.dataset.live = "1";
go(Number(location.hash.slice(2)) || current, false);
restore();
if (sentPage) addEventListener("load", async () => {
  try {
    const response = await fetch(form.dataset.clock), policy = response.headers.get("Content-Security-Policy");
    await response.text(); // until it is read, the connection is held
    if (response.ok) await keepPage({ html: sentPage, policy, until: clock.end, worker: form.dataset.keeper });
  } catch { /* a reload then needs the network */ }
});
