// The rubric of a project in place of the steps: criteria with their levels. A digit presses a level of the criterion
// in turn and goes on to the next one; the level that is given, pressed again, is taken away. A criterion without levels
// takes any marks: a digit gives so many, the same digit again half a mark more.
import { $, $$, canMark, fill, now, questionOf, words } from "./marking-desk.js";
import { marksText } from "./marking-ink.js";
import { halves, plain } from "./marking-scheme.js";
import { change, markKey, markOf, marks, steps } from "./marking-work.js";

let at = 0; // the criterion that digits press

/** [{part, steps, bound}]: `bound` is the one step of a criterion without levels. */
function criteria() {
  const { question } = now;
  return question.criteria.map((part) => {
    const own = steps().filter((step) => step.part === part.label);
    return { part, steps: own, bound: own.length === 1 && !own[0].alternative ? own[0] : null };
  });
}

const givenTo = (id) => halves(marks.get(now.question.id).steps[id]);
const wonBy = (criterion) => Math.max(0, ...criterion.steps.map((step) => givenTo(step.id)));

/** The steps of a criterion get these marks and no others. */
function give(criterion, half, step) {
  const mark = markOf(), own = criterion.steps.map((one) => one.id);
  const others = Object.entries(mark.steps).filter(([id]) => !own.includes(id));
  change([[markKey(), { ...mark, steps: { ...Object.fromEntries(others), ...(half && { [step.id]: plain(half) }) } }]]);
}

/** The best level of every criterion. */
export function giveBest() {
  const best = criteria().map(({ steps: own }) => own.reduce((a, b) => (halves(b.marks) > halves(a.marks) ? b : a)));
  change([[markKey(), { ...markOf(), steps: Object.fromEntries(best.map((step) => [step.id, plain(halves(step.marks))])) }]]);
}

/** To the criterion after this one, back to the first after the last. */
function goOn(index, count) { at = (index + 1) % count; paintLevels(); }

/** By key: the next or the previous criterion. */
export function stepCriterion(by) {
  const count = criteria().length;
  at = (at + by + count) % count;
  paintLevels();
}

/** By key, from 0. */
export function pressDigit(place) {
  const all = criteria(), criterion = all[at];
  if (!canMark || !criterion) return;
  if (criterion.bound) { pressMarks(criterion, place + 1); return; }
  if (criterion.steps[place]) pressLevel({ criterion: at, level: criterion.steps[place].id });
}

function pressMarks(criterion, count) {
  const most = halves(criterion.bound.marks), wanted = Math.min(2 * count, most);
  // It stays where it is: a half may follow. J goes on.
  give(criterion, givenTo(criterion.bound.id) === wanted ? Math.min(wanted + 1, most) : wanted, criterion.bound);
}

/** A click on a level, or on a number of a criterion without levels (`level`: the step's id, or “=3”). */
export function pressLevel({ criterion: place, level: what }) {
  const index = Number(place);
  const all = criteria(), criterion = all[index];
  at = index;
  if (what.startsWith("=")) { pressNumber(criterion, Number(what.slice(1))); return; }
  const step = criterion.steps.find((one) => one.id === what), has = givenTo(step.id) > 0;
  give(criterion, has ? 0 : halves(step.marks), step);
  if (!has) goOn(index, all.length);
}

function pressNumber(criterion, count) {
  if (count) pressMarks(criterion, count);
  else give(criterion, 0, criterion.bound);
  paintLevels();
}

function button(index, level, digit, html, mark) {
  const made = document.createElement("button");
  made.type = "button";
  made.disabled = !canMark;
  Object.assign(made.dataset, { criterion: index, level });
  made.innerHTML = `<kbd>${digit}</kbd><span class="desc">${html}</span><span class="mk num">${mark}</span>`;
  return made;
}

export function paintRubric() {
  $("#scheme").replaceChildren(...criteria().map((criterion, index) => {
    const box = document.createElement("div"), head = document.createElement("div");
    box.className = "criterion";
    box.setAttribute("role", "group");
    head.className = "criterion__head";
    head.id = `criterion-${index}`;
    head.innerHTML = `<span>${criterion.part.html}</span><b class="num"></b>`;
    box.setAttribute("aria-labelledby", head.id);
    box.append(head, ...(criterion.bound ? numbers(criterion, index) : levels(criterion, index)));
    return box;
  }));
  paintLevels();
}

const levels = (criterion, index) => criterion.steps.map((step, i) => button(index, step.id, i + 1, step.html, marksText(step.marks)));

function numbers(criterion, index) {
  const row = document.createElement("div"), note = document.createElement("p");
  row.className = "criterion__any";
  const most = Math.ceil(Number(criterion.bound.marks));
  for (let count = 0; count <= most; count += 1) {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "num";
    made.disabled = !canMark;
    Object.assign(made.dataset, { criterion: index, level: `=${count}` });
    made.textContent = marksText(String(Math.min(count, Number(criterion.bound.marks))));
    row.append(made);
  }
  note.className = "sub";
  note.textContent = words.any_marks;
  return [row, note];
}

export function paintLevels() {
  const all = criteria();
  $$("#scheme .criterion").forEach((box, index) => {
    const criterion = all[index], won = wonBy(criterion);
    box.toggleAttribute("data-now", canMark && index === at);
    box.querySelector(".criterion__head b").textContent = `${won || isDecided() ? marksText(plain(won)) : "–"} / ${marksText(criterion.part.marks)}`;
    for (const one of box.querySelectorAll("[data-level]")) {
      const { level } = one.dataset;
      const on = level.startsWith("=") ? isNumber(criterion, level, won) : givenTo(level) > 0;
      one.setAttribute("aria-pressed", on);
      one.dataset.s = on ? 2 : 0;
    }
  });
  const current = all[at];
  $("#cur").innerHTML = current ? `<b>${at + 1}</b><span></span>` : "";
  if (current) $("#cur span").textContent = fill(words.criterion_of, plainText(current.part.html), wonBy(current) ? marksText(plain(wonBy(current))) : words.no_level, marksText(current.part.marks));
}

const isDecided = () => questionOf(now.question.id) && marks.get(now.question.id).marks != null;
const isNumber = (criterion, level, won) => (Number(level.slice(1)) === 0 ? won === 0 && isDecided() : won > 0 && Math.floor(won / 2) === Number(level.slice(1)));

function plainText(html) {
  const box = document.createElement("div");
  box.innerHTML = html;
  return box.textContent.trim();
}
