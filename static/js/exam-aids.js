// Beside the questions: rough work, which stays on this device and is sent to nobody, and the exam's calculator.
import { ROUGH } from "./exam-keeping.js";
import { CannotCalculate, calculate, shown } from "./calculator.js";

const form = document.getElementById("exam");
const words = JSON.parse(document.getElementById("aids-words").textContent);
const pad = document.getElementById("pad"), calculator = document.getElementById("calculator");
const { attempt } = form.dataset;
const MOST = 400_000; // characters of strokes: some hundred lines of handwriting; a device keeps about ten times this

/* --- Opening: beside the question, never over the whole page --- */
let opener, looks;
/** Their looks come with the first that is opened: most students write on paper. */
function dressed() {
  looks ??= new Promise((done) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: pad.dataset.css, onload: done, onerror: done });
    document.head.append(link);
  });
  return looks;
}

async function toggle(aid, button) {
  if (aid.open) return aid.close();
  await dressed();
  if (document.getElementById("palette").matches(":modal")) document.getElementById("palette").close();
  for (const other of [pad, calculator]) if (other !== aid) other?.close();
  opener = button;
  aid.show();
  if (aid === pad) paint(); else line.focus();
}
for (const button of document.querySelectorAll("[data-aid]")) {
  const aid = document.getElementById(button.dataset.aid);
  button.addEventListener("click", () => toggle(aid, button));
  aid.addEventListener("close", () => { if (opener?.checkVisibility()) opener.focus(); else document.getElementById("main").focus(); });
}
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog:modal")) return;
  const open = document.querySelector(".aid[open]");
  if (open && event.key === "Escape") { event.preventDefault(); open.close(); return; }
  if (event.target.matches("input:not([type=radio], [type=checkbox]), textarea, select")) return;
  const button = document.querySelector(`[data-aid][data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (button) { event.preventDefault(); toggle(document.getElementById(button.dataset.aid), button); }
});

/* --- Rough work: strokes in CSS pixels of the sheet, and typed lines --- */
const sheet = pad.querySelector("canvas"), typed = pad.querySelector("textarea"), pen = sheet.getContext("2d");
let strokes = [], drawing = null;
try {
  const kept = JSON.parse(localStorage.getItem(ROUGH) ?? "{}");
  if (kept.attempt === attempt) [strokes, typed.value] = [kept.strokes, kept.text];
} catch { /* an empty sheet */ }

function keep() {
  try { localStorage.setItem(ROUGH, JSON.stringify({ attempt, strokes, text: typed.value })); } catch { /* it stays on the page */ }
}

function draw(stroke, from = 1) {
  pen.beginPath();
  pen.moveTo(...stroke[Math.max(0, from - 1)]);
  for (const point of stroke.slice(from)) pen.lineTo(...point);
  if (stroke.length === 1) pen.lineTo(stroke[0][0] + 0.1, stroke[0][1]);
  pen.stroke();
}

function paint() {
  const { clientWidth, clientHeight } = sheet, ratio = devicePixelRatio;
  sheet.width = clientWidth * ratio;
  sheet.height = clientHeight * ratio;
  pen.scale(ratio, ratio);
  Object.assign(pen, { lineWidth: 2.2, lineCap: "round", lineJoin: "round", strokeStyle: getComputedStyle(sheet).color });
  for (const stroke of strokes) draw(stroke);
}
new ResizeObserver(paint).observe(sheet);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);

const spot = ({ offsetX, offsetY }) => [Math.round(offsetX * 10) / 10, Math.round(offsetY * 10) / 10];
sheet.addEventListener("pointerdown", (event) => {
  if (event.button || drawing) return; // a second finger is the palm
  if (JSON.stringify(strokes).length > MOST) { say(words.full); return; }
  drawing = { pointer: event.pointerId, stroke: [spot(event)] };
  sheet.setPointerCapture(event.pointerId);
  draw(drawing.stroke);
});
sheet.addEventListener("pointermove", (event) => {
  if (event.pointerId !== drawing?.pointer) return;
  const from = drawing.stroke.length;
  drawing.stroke.push(...(event.getCoalescedEvents?.() ?? [event]).map(spot));
  if (drawing.stroke.length > from) draw(drawing.stroke, from);
});
for (const end of ["pointerup", "pointercancel"]) {
  sheet.addEventListener(end, (event) => {
    if (event.pointerId !== drawing?.pointer) return;
    strokes.push(drawing.stroke);
    drawing = null;
    keep();
  });
}
typed.addEventListener("input", keep);

const said = pad.querySelector("[role=status]");
function say(text) { said.textContent = text; }
let cleared = null;
pad.addEventListener("click", (event) => {
  const act = event.target.closest("[data-do]")?.dataset.do;
  if (act === "undo") {
    // What was drawn since goes first; then the emptying itself is undone.
    if (strokes.length) strokes.pop();
    else if (cleared) { strokes = cleared.strokes; typed.value = cleared.text + typed.value; cleared = null; }
  } else if (act === "clear") {
    cleared = { strokes, text: typed.value };
    strokes = [];
    typed.value = "";
    say(words.cleared);
  } else return;
  paint();
  keep();
});

/* --- The calculator --- */
const line = calculator?.querySelector("input"), result = calculator?.querySelector("output");
let unit = "deg", answer = 0, finished = false;

function equals() {
  const text = line.value.trim();
  if (!text) return;
  try {
    answer = calculate(text, { unit, answer });
    result.textContent = `= ${shown(answer)}`;
    finished = true;
  } catch (error) {
    if (!(error instanceof CannotCalculate)) throw error;
    result.textContent = words[error.reason];
  }
}

/** Puts what a key means where the cursor is; after a result a sign goes on with it and a digit begins anew. */
function type(text) {
  if (finished) {
    line.value = /^[+−×÷^!%]/.test(text) ? "Ans" : "";
    result.textContent = "";
    finished = false;
  }
  line.setRangeText(text, line.selectionStart, line.selectionEnd, "end");
}

calculator?.addEventListener("click", (event) => {
  const key = event.target.closest("[data-type], [data-do]");
  if (!key) return;
  if (key.dataset.type) type(key.dataset.type);
  else if (key.dataset.do === "equals") equals();
  else if (key.dataset.do === "unit") {
    unit = unit === "deg" ? "rad" : "deg";
    key.setAttribute("aria-label", key.ariaLabel.replace(key.textContent, unit));
    key.textContent = unit;
  } else if (key.dataset.do === "back" && !finished) {
    if (line.selectionStart === line.selectionEnd && line.selectionStart) line.selectionStart -= 1;
    line.setRangeText("");
  } else {
    line.value = "";
    result.textContent = "";
    finished = false;
  }
  // A finger on the keys needs no keyboard over them.
  if (event.detail === 0 || matchMedia("(pointer: fine)").matches) line.focus();
});
line?.addEventListener("keydown", (event) => {
  if (event.key === "Enter" || event.key === "=") { event.preventDefault(); equals(); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || event.key.length > 1) return;
  event.preventDefault();
  type({ "*": "×", "/": "÷", "-": "−" }[event.key] ?? event.key);
});
