// The marking desk: pages with red ink, the scheme by keys, everything saved as it happens.
import { drawPage, marksText, WIDTH } from "./marking-ink.js";
import { MethodView } from "./marking-methods.js";
import { DeskPictures } from "./marking-pictures.js";
import { halves, isCarried, isMarked, nextAward, paperHalves, plain, questionHalves } from "./marking-scheme.js";
import { MarkStore } from "./marking-store.js";
import { newId } from "./sha256.js";
import { csrf, signedOut } from "./signed-in.js";

const root = document.getElementById("desk");
const words = JSON.parse(root.dataset.words);
const data = JSON.parse(document.getElementById("desk-data").textContent);
const $ = (selector, from = root) => from.querySelector(selector);
const $$ = (selector, from = root) => [...from.querySelectorAll(selector)];
const fill = (text, ...values) => values.reduce((t, v) => t.replace("{}", v), text);
const questions = data.questions, pages = data.pages, canMark = data.can_mark;
const numbers = [...new Set(questions.map((q) => q.number))];
const phone = matchMedia("(max-width:760px)");
const svg = $("#ink"), stage = $(".stage"), pageBox = $("#page");
const blank = () => ({ version: 0, steps: {}, free: null, comment: "", marks: null });
const marks = new Map(questions.map((q) => [q.id, q.mark ? { ...q.mark, free: !Object.keys(q.mark.steps).length && Number(q.mark.marks) ? q.mark.marks : null } : blank()]));
const ink = new Map(pages.flatMap((p) => p.annotations).map((a) => [a.id, a]));
const notAttempted = new Set(questions.filter((q) => q.not_attempted).map((q) => q.number));

let question = questions.find((q) => q.id === data.opens.question);
let page = pages.find((p) => p.id === data.opens.page);
let tool = "tick", step = null, last = null, draft = null, grabbed = null, tall = 1414, zoom = null, turn = 0, active = Date.now();
const undo = [], redo = [];

const marksWord = (value) => fill(Number(value) > 0 && Number(value) <= 1 ? words.mark_1 : words.marks_n, marksText(value));
const toast = (text, level = "error") => document.dispatchEvent(new CustomEvent("toast", { detail: { text, level } }));

const store = new MarkStore({
  key: `abhyas-desk-${data.id}`,
  markUrl: (id) => root.dataset.mark.replace("00000000-0000-0000-0000-000000000000", id),
  inkUrl: root.dataset.ink,
  marks, ink, readOnly: !canMark,
  onState(state) { $("#saved").dataset.state = state; $("#saved span").textContent = words[state]; },
  onMark: () => paint(),
  onInk() { drawInk(); toast(words.ink_changed, "warning"); },
  onConflict: askConflict,
  onLost(problem) { const note = $("#lost"); note.hidden = false; note.querySelector("span").textContent = problem.detail || words.lost; },
});

/* --- Questions and pages --- */
function firstPage(q) { return pages.find((p) => q?.pages.includes(p.id)); }
function numberDone(number) { return notAttempted.has(number) || questions.some((q) => q.number === number && isMarked(marks.get(q.id))); }
const methods = new MethodView({ box: $("#methods"), marks, say: (method) => fill(words.method_n, method), show: marksText, counts: words.counts });
const steps = () => methods.steps(question);
const pageInk = () => [...ink.values()].filter((a) => a.page === page?.id && !a.deleted);

function openQuestion(q, keepPage = false) {
  question = q;
  step = null;
  if (!keepPage) { const target = q.pages.includes(page?.id) ? page : firstPage(q); if (target) openPage(target); }
  paintQuestion();
  paint();
}

function openPage(p) {
  page = p;
  last = null;
  const img = $("#scan");
  pageBox.hidden = !p;
  if (!p) return;
  img.hidden = p.state !== "ready";
  $("#page-waits").hidden = p.state === "ready";
  if (p.state === "ready") { img.width = p.width; img.height = p.height; img.src = p.url; img.alt = fill(words.page_alt, p.number, pages.length); }
  $("[data-act=came]").hidden = !p.plain;
  pageBox.style.aspectRatio = p.width ? `${p.width}/${p.height}` : "1000/1414";
  drawInk();
  for (const button of $$("[data-page]")) button.setAttribute("aria-current", button.dataset.page === p.id);
  pictures.show(p);
  stage.scrollTop = 0;
}

function drawInk() {
  const shown = pageInk();
  if (draft) shown.push(draft);
  tall = drawPage(svg, shown, { width: page?.width, height: page?.height }, { focusable: canMark });
  for (const thumb of $$("[data-page]")) thumb.dataset.ticks = [...ink.values()].filter((a) => a.page === thumb.dataset.page && !a.deleted).length;
}

function paintQuestion() {
  $("#q-label").textContent = `${words.q}${question.label}`;
  $("#q-sub").textContent = [marksWord(question.marks), question.pages.length ? fill(question.pages.length > 1 ? words.on_pages : words.on_page, question.pages.map((id) => pages.find((p) => p.id === id).number).join(", ")) : words.no_page].join(", ");
  $("#q-text").innerHTML = question.html + question.parts.map((p) => `<p class="part"><b>(${p.label}${p.alternative ? ` ${p.alternative}` : ""})</b> ${p.html}</p>`).join("");
  $("#q-model").innerHTML = question.model_answer_html || `<p>${words.no_model}</p>`;
  const siblings = questions.filter((q) => q.number === question.number);
  $("#alternatives").hidden = siblings.length < 2;
  $("#alternatives").replaceChildren(...siblings.map((q) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "pill";
    button.dataset.alternative = q.id;
    button.setAttribute("aria-pressed", q.id === question.id);
    button.textContent = fill(words.alternative, q.alternative);
    return button;
  }));
  methods.draw(question);
  paintScheme();
  const mark = marks.get(question.id);
  $("#comment").value = mark.comment;
  showFree();
}

/** The steps of the method in view; digits press these. */
function paintScheme() {
  $("#scheme").replaceChildren(...steps().map((s, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.step = i;
    button.disabled = !canMark;
    const place = s.part ? `(${s.part}${s.alternative ? ` ${s.alternative}` : ""}) ` : "";
    button.innerHTML = `<kbd>${i < 9 ? i + 1 : ""}</kbd><span class="desc">${s.html}<span class="code">${place}${words[s.kind]}, ${marksWord(s.marks)}${s.follows.length ? `, ${fill(words.follows, s.follows.join(", "))}` : ""}</span><span class="carried" hidden>${words.carried}</span></span><span class="mk num"></span>`;
    return button;
  }));
}

function seeMethod() {
  step = null;
  paintScheme();
  paint();
}

function paint() {
  const mark = marks.get(question.id), got = questionHalves(question, mark);
  const shown = steps();
  methods.paint(question);
  $$("#scheme button").forEach((button, i) => {
    const s = shown[i], given = mark.free == null ? halves(mark.steps[s.id]) : 0, full = halves(s.marks);
    button.dataset.s = given === 0 ? 0 : given === full ? 2 : 1;
    button.setAttribute("aria-pressed", given === full ? "true" : given ? "mixed" : "false");
    button.querySelector(".mk").textContent = marksText(plain(given));
    button.querySelector(".carried").hidden = !isCarried(question, mark, s);
  });
  $("#total").textContent = isMarked(mark) || got ? marksText(plain(got)) : "–";
  $("#out-of").textContent = fill(words.of, marksText(question.marks));
  $("#bar").style.setProperty("--v", (100 * got) / halves(question.marks));
  const paper = paperHalves(questions, marks);
  $("#paper-total").textContent = marksText(plain(paper));
  const missing = numbers.filter((n) => !numberDone(n));
  for (const button of $$("[data-number]")) {
    const n = Number(button.dataset.number), done = numberDone(n);
    const best = Math.max(...questions.filter((q) => q.number === n).map((q) => questionHalves(q, marks.get(q.id))));
    button.classList.toggle("d", done);
    if (n === question.number) button.setAttribute("aria-current", "step"); else button.removeAttribute("aria-current");
    button.querySelector("small").textContent = notAttempted.has(n) && !best ? words.not_done : done ? marksText(plain(best)) : "–";
    button.querySelector(".vh").textContent = done ? "" : words.not_marked;
  }
  $("#progress").textContent = fill(words.progress, numbers.length - missing.length, numbers.length);
  const current = shown[step ?? 0];
  $("#cur").innerHTML = current ? `<b>${(step ?? 0) + 1}</b>${current.html}` : "";
  for (const [act, list] of [["undo", undo], ["redo", redo]]) { const button = $(`[data-act=${act}]`); if (button) button.disabled = !list.length; }
  const next = $("[data-act=next]");
  next.querySelector("span").textContent = missing.length && canMark ? words.next : canMark ? words.finish : words.next;
}

/* --- Changing things, with undo --- */
const clone = (value) => structuredClone(value);
function change(action) {
  if (!canMark || store.lost) return;
  const before = { id: question.id, mark: clone(marks.get(question.id)), ink: new Map([...ink].map(([id, a]) => [id, clone(a)])) };
  action();
  undo.push(before);
  redo.length = 0;
  active = Date.now();
  drawInk();
  paint();
}

function restore(from, to) {
  const state = from.pop();
  if (!state) return;
  to.push({ id: state.id, mark: clone(marks.get(state.id)), ink: new Map([...ink].map(([id, a]) => [id, clone(a)])) });
  const mark = marks.get(state.id), { steps, free, comment } = state.mark;
  Object.assign(mark, { steps, free, comment });
  store.touchMark(state.id);
  const changed = [];
  for (const [id, now] of ink) {
    const was = state.ink.get(id);
    if (!was) { if (!now.deleted) { now.deleted = true; changed.push(id); } continue; }
    const { version: _a, ...wasRest } = was, { version: _b, ...nowRest } = now;
    if (JSON.stringify(wasRest) !== JSON.stringify(nowRest)) { ink.set(id, { ...was, version: now.version }); changed.push(id); }
  }
  if (changed.length) store.touchInk(changed);
  if (state.id !== question.id) openQuestion(questions.find((q) => q.id === state.id));
  paintQuestion();
  drawInk();
  paint();
}

function addInk(kind, geometry, extra = {}) {
  const item = { id: newId(), page: page.id, question: question.id, step: null, kind, geometry, text: "", marks: "", version: 0, deleted: false, ...extra };
  ink.set(item.id, item);
  store.touchInk([item.id]);
  return item;
}

function removeInk(items) {
  for (const item of items) item.deleted = true;
  store.touchInk(items.map((item) => item.id));
}

/** Point and press: the step is awarded and its tick lands where the pointer is; again gives half, again none. */
function award(index) {
  const s = steps()[index];
  if (!s) return;
  step = index;
  change(() => {
    const mark = marks.get(question.id);
    mark.free = null;
    const given = nextAward(s, mark.steps[s.id]);
    if (given) mark.steps = { ...mark.steps, [s.id]: plain(given) }; else { mark.steps = { ...mark.steps }; delete mark.steps[s.id]; }
    mark.marks = plain(questionHalves(question, mark));
    const own = [...ink.values()].filter((a) => a.step === s.id && !a.deleted);
    const kind = given === halves(s.marks) ? "tick" : "half";
    if (!given) removeInk(own);
    else if (own.length) { for (const a of own) Object.assign(a, { kind, marks: plain(given) }); store.touchInk(own.map((a) => a.id)); }
    else if (last && page) addInk(kind, { x: last[0], y: last[1] }, { step: s.id, marks: plain(given) });
    store.touchMark(question.id);
  });
}

function giveAll(full) {
  change(() => {
    const mark = marks.get(question.id);
    mark.free = null;
    // All of the method in view: what was given for another solution of the student stays.
    mark.steps = full ? { ...mark.steps, ...Object.fromEntries(steps().map((s) => [s.id, plain(halves(s.marks))])) } : {};
    mark.marks = plain(questionHalves(question, mark));
    const own = [...ink.values()].filter((a) => a.step && a.question === question.id && !a.deleted && (!full || steps().some((s) => s.id === a.step)));
    if (!full) removeInk(own);
    else if (own.length) { for (const a of own) { a.kind = "tick"; a.marks = mark.steps[a.step] ?? a.marks; } store.touchInk(own.map((a) => a.id)); }
    store.touchMark(question.id);
  });
}

function writeComment(text) {
  if (text === marks.get(question.id).comment) return;
  change(() => {
    const mark = marks.get(question.id);
    mark.comment = text;
    if (!isMarked(mark) && !Object.keys(mark.steps).length) mark.marks = "0";
    store.touchMark(question.id);
  });
}

/** Says at the field, and once in a toast, why these marks are not given; "" when nothing is wrong. */
function freeProblem(text) {
  if (text) { $("#free").setAttribute("aria-invalid", "true"); toast(text); } else $("#free").removeAttribute("aria-invalid");
  $("#free-problem").textContent = text;
}
function showFree() {
  freeProblem("");
  $("#free").value = marks.get(question.id).free ?? "";
}

function giveFree(value) {
  const mark = marks.get(question.id);
  if (value === (mark.free ?? "")) return freeProblem("");
  if (value === "") {
    freeProblem("");
    return change(() => { mark.free = null; mark.marks = plain(questionHalves(question, mark)); store.touchMark(question.id); });
  }
  const half = Number(value) * 2;
  if (!Number.isInteger(half) || half < 0 || half > halves(question.marks)) return freeProblem(fill(words.free_range, marksText(question.marks)));
  if (!$("#comment").value.trim()) { freeProblem(words.free_reason); $("#comment").focus(); return; }
  freeProblem("");
  change(() => { Object.assign(mark, { free: plain(half), steps: {}, marks: plain(half), comment: $("#comment").value.trim() }); store.touchMark(question.id); });
}

/* --- Pointer on the page --- */
const place = (event) => {
  // The ink is turned with the page, so the pointer is read in the drawing's own coordinates.
  const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  return [p.x / WIDTH, p.y / tall, event.pointerType === "pen" ? event.pressure : null];
};
const round = (points) => points.map((p) => p.map((v) => (v == null ? null : Math.round(Math.max(0, Math.min(1, v)) * 1e5) / 1e5)));
const geometryAt = ([x, y]) => ({ x: round([[x]])[0][0], y: round([[y]])[0][0] });
const drawn = { pen: "pen", hl: "highlight", line: "underline" };

svg.addEventListener("pointerleave", () => { last = null; });
svg.addEventListener("pointermove", (event) => {
  last = place(event);
  if (draft) { for (const e of event.getCoalescedEvents?.() ?? [event]) draft.geometry.points.push(place(e)); drawInk(); }
  else if (grabbed && event.buttons) { Object.assign(grabbed.geometry, geometryAt(last)); grabbed.moved = true; drawInk(); }
});
svg.addEventListener("pointerdown", (event) => {
  if (!canMark || event.button || tool === "ask" || (event.pointerType === "touch" && tool === "v")) return;
  const p = place(event), hit = ink.get(event.target.closest("[data-id]")?.dataset.id);
  last = p;
  if (tool === "e") { if (hit) change(() => removeInk([hit])); }
  else if (tool === "tick" || tool === "cross") change(() => addInk(tool, geometryAt(p)));
  else if (tool === "c") { event.preventDefault(); commentBox(p); }
  else if (drawn[tool]) { svg.setPointerCapture(event.pointerId); draft = { id: "draft", kind: drawn[tool], geometry: { points: [p] }, text: "", marks: "" }; }
  else if (hit?.geometry.x != null) { svg.setPointerCapture(event.pointerId); grabbed = hit; grabbed.from = clone(hit.geometry); }
});
svg.addEventListener("pointerup", () => {
  if (draft) { const { kind, geometry } = draft; draft = null; change(() => addInk(kind, { points: round(geometry.points.slice(0, 2000)) })); }
  if (grabbed) {
    const item = grabbed, to = clone(item.geometry), from = item.from, moved = item.moved;
    grabbed = null;
    delete item.from; delete item.moved;
    if (moved) { item.geometry = from; change(() => { item.geometry = to; store.touchInk([item.id]); }); }
  }
});
// The system took the pointer away (a scroll, a call): what was begun is dropped.
svg.addEventListener("pointercancel", () => {
  if (grabbed) { grabbed.geometry = grabbed.from; delete grabbed.from; delete grabbed.moved; }
  draft = grabbed = null;
  drawInk();
});
svg.addEventListener("keydown", (event) => {
  const item = ink.get(event.target.closest?.("[data-id]")?.dataset.id);
  if (item && (event.key === "Delete" || event.key === "Backspace") && canMark) { event.preventDefault(); change(() => removeInk([item])); }
});

const pictures = new DeskPictures({
  pictures: data.pictures, words, urls: { ask: root.dataset.ask, withdraw: root.dataset.withdraw, state: root.dataset.state },
  svg, place, isAsking: () => canMark && tool === "ask", numberOf: (id) => pages.find((p) => p.id === id)?.number, toast,
  changed({ due_at, paused }) { data.due_at = due_at; data.paused = paused; tick(); }, drawn: () => fit(), setTool,
});

/** The middle of what can be seen of the page, for a comment without a pointer. */
function middle() {
  const s = stage.getBoundingClientRect(), p = pageBox.getBoundingClientRect();
  return place({
    clientX: (Math.max(s.left, p.left) + Math.min(s.right, p.right)) / 2,
    clientY: (Math.max(s.top, p.top) + Math.min(s.bottom, p.bottom)) / 2,
  });
}

function commentBox(at, text = "") {
  if (text) return change(() => addInk("comment", geometryAt(at), { text }));
  const box = document.createElement("div");
  box.className = "cbox";
  box.style.cssText = `left:${Math.min(at[0] * 100, 68)}%;top:${at[1] * 100}%`;
  box.innerHTML = `<label class="vh" for="cbox-text">${words.comment}</label><textarea id="cbox-text" rows="2" maxlength="500" placeholder="${words.comment_hint}"></textarea>`;
  pageBox.append(box);
  const area = box.querySelector("textarea");
  area.focus();
  let closed = false;
  const done = (keep) => { if (closed) return; closed = true; const value = area.value.trim(); box.remove(); if (keep && value) commentBox(at, value); };
  area.addEventListener("blur", () => done(true));
  area.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); done(true); }
    if (event.key === "Escape") done(false);
  });
}

/* --- Two versions side by side --- */
function askConflict(id, mine, theirs) {
  const dialog = $("#conflict"), q = questions.find((x) => x.id === id);
  const show = (mark, value) => `${marksWord(value ?? 0)}${mark.comment ? `, “${mark.comment}”` : ""}`;
  $("#conflict-q").textContent = `${words.q}${q.label}`;
  $("#conflict-mine").textContent = show(mine, plain(questionHalves(q, mine)));
  $("#conflict-theirs").textContent = show(theirs, theirs.marks);
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.onclose = () => {
      // Escape is no choice.
      if (!dialog.returnValue) return dialog.showModal();
      resolve(dialog.returnValue);
      setTimeout(() => { paintQuestion(); paint(); });
    };
  });
}

/* --- Moving on --- */
function move(by) {
  const at = numbers.indexOf(question.number) + by;
  const number = numbers[Math.max(0, Math.min(numbers.length - 1, at))];
  openQuestion(questions.find((q) => q.number === number));
}
function nextUnmarked() {
  const mark = marks.get(question.id);
  if (canMark && !isMarked(mark) && !notAttempted.has(question.number) && !questions.some((q) => q.number === question.number && isMarked(marks.get(q.id)))) {
    toast(fill(words.mark_first, question.label), "warning");
    return;
  }
  const at = numbers.indexOf(question.number);
  const ahead = [...numbers.slice(at + 1), ...numbers.slice(0, at)].find((n) => !numberDone(n));
  if (ahead == null) return canMark ? finish() : move(1);
  openQuestion(questions.find((q) => q.number === ahead));
}
async function finish() {
  await store.flush();
  if (!store.clean) { toast(words.not_saved); return; }
  const missing = numbers.filter((n) => !numberDone(n));
  if (pictures.open.length) { toast(fill(words.still_asked, pictures.open.map((p) => pages.find((x) => x.id === p.page)?.number).join(", "))); return; }
  if (missing.length) { toast(fill(words.missing, missing.join(", "))); openQuestion(questions.find((q) => q.number === missing[0])); return; }
  $("#finish-total").textContent = marksText(plain(paperHalves(questions, marks)));
  csrf();
  $("#finish-dialog").showModal();
}
function turnPage(by) { const at = pages.indexOf(page) + by; if (pages[at]) openPage(pages[at]); }

/* --- View --- */
function fit() {
  const d = $(".desk").getBoundingClientRect();
  const room = pictures.beside && !phone.matches ? d.width / 2 : d.width;
  const width = zoom ?? (phone.matches ? Math.max(d.width - 20, 430) : Math.min(room - (room < d.width ? 40 : 90), Math.max(640, d.height * 0.9)));
  stage.style.setProperty("--w", Math.round(width));
  pageBox.dataset.turn = turn;
  $("#zoom").textContent = zoom ? `${Math.round(zoom / 7.6)}%` : words.fit;
}
const setZoom = (by) => { zoom = by ? Math.max(300, Math.min(2600, (zoom ?? pageBox.offsetWidth) * by)) : null; fit(); };
function setTool(name) { tool = name; svg.dataset.tool = name; for (const b of $$("button[data-tool]")) b.setAttribute("aria-pressed", b.dataset.tool === name); }

const acts = {
  undo: () => restore(undo, redo), redo: () => restore(redo, undo), next: nextUnmarked, finish,
  sheet: () => $(".panel").toggleAttribute("data-open"), full: () => giveAll(true), none: () => giveAll(false),
  came: () => open(page.plain, "_blank", "noopener"), turn() { turn = (turn + 90) % 360; fit(); }, fit: () => setZoom(0), in: () => setZoom(1.2), out: () => setZoom(1 / 1.2),
};
addEventListener("click", (event) => {
  const b = event.target.closest("button");
  if (!b || !root.contains(b)) return;
  if (b.dataset.tool === "ask") pictures.ask();
  else if (b.dataset.tool) setTool(b.dataset.tool);
  else if (b.dataset.act) acts[b.dataset.act]();
  else if (b.dataset.step != null) { last = null; award(Number(b.dataset.step)); }
  else if (b.dataset.number) openQuestion(questions.find((q) => q.number === Number(b.dataset.number)));
  else if (b.dataset.alternative) openQuestion(questions.find((q) => q.id === b.dataset.alternative), true);
  else if (b.dataset.method) { methods.choose(question, Number(b.dataset.method)); seeMethod(); }
  else if (b.dataset.page) openPage(pages.find((p) => p.id === b.dataset.page));
  else if (b.dataset.bank) commentBox(last ?? middle(), b.dataset.bank);
  else if (b.dataset.tab) for (const tab of $$("[data-tab]")) { const on = tab === b; tab.setAttribute("aria-selected", on); tab.tabIndex = on ? 0 : -1; $(`#${tab.dataset.tab}`).hidden = !on; }
});
$("#comment").addEventListener("change", (event) => {
  writeComment(event.target.value.trim());
  if ($("#free").hasAttribute("aria-invalid")) giveFree($("#free").value.trim()); // the reason it waited for may be there
});
$("#free").addEventListener("change", (event) => giveFree(event.target.value.trim()));
$("#free").addEventListener("keydown", (event) => { if (event.key === "Escape") showFree(); });

const tools = { v: "v", t: "tick", x: "cross", p: "pen", h: "hl", u: "line", c: "c", e: "e" };
const keys = { a: () => canMark && pictures.ask(), j: () => move(1), k: () => move(-1), f: acts.full, m() { methods.next(question); seeMethod(); }, 0: acts.none, "+": acts.in, "=": acts.in, "-": acts.out, w: acts.fit, r: acts.turn, "[": () => turnPage(-1), "]": () => turnPage(1), enter: nextUnmarked, "?": () => $("#help").showModal() };
addEventListener("keydown", (event) => {
  active = Date.now();
  if (event.target.matches("textarea, input, select") || document.querySelector("dialog:modal")) return;
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && key === "z") { event.preventDefault(); return event.shiftKey ? acts.redo() : acts.undo(); }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (key === "enter" && event.target.closest("button, a")) return;
  if (key === "z") return event.shiftKey ? acts.redo() : acts.undo();
  if (key === "enter" && event.shiftKey) { event.preventDefault(); return finish(); }
  if (/^[1-9]$/.test(key)) return award(Number(key) - 1);
  if (key === "c" && canMark && page) { event.preventDefault(); return commentBox(last ?? middle()); }
  if (tools[key]) return setTool(tools[key]);
  if (keys[key]) { event.preventDefault(); keys[key](); }
});
addEventListener("resize", fit);
addEventListener("beforeunload", (event) => { if (!store.clean) event.preventDefault(); });

/* --- The promise's clock, and the claim kept alive while somebody works --- */
const offset = Date.parse(data.server_now) - Date.now();
function tick() {
  const due = Date.parse(data.due_at);
  $(".bar .due").toggleAttribute("data-paused", data.paused);
  if (data.paused) { $("#due").textContent = words.paused; return; }
  const left = Math.round((due - Date.now() - offset) / 1000), abs = Math.abs(left);
  const h = Math.floor(abs / 3600), m = Math.floor(abs / 60) % 60, s = abs % 60, two = (n) => String(n).padStart(2, "0");
  $("#due").textContent = `${left < 0 ? "−" : ""}${phone.matches || h > 24 ? `${h} h ${m} m` : `${h}:${two(m)}:${two(s)}`}`;
  $(".due").toggleAttribute("data-late", left < 0);
  $(".sla").style.setProperty("--left", Math.max(0, Math.min(100, (100 * left) / ((due - Date.parse(data.submitted_at)) / 1000))));
}
tick();
setInterval(tick, 1000);
addEventListener("pointermove", () => { active = Date.now(); });
setInterval(() => {
  if (!canMark || store.lost || document.hidden || Date.now() - active > 120000) return;
  fetch(root.dataset.heartbeat, { method: "POST", headers: { "X-CSRFToken": csrf() } }).then(async (r) => {
    if (signedOut(r)) return;
    if (r.status === 409 || r.status === 403) store.onLost(await r.json().catch(() => ({})));
  }).catch(() => {});
}, 60000);

/* Pages still being prepared appear by themselves. */
async function refreshPages() {
  const response = await fetch(root.dataset.state).catch(() => null);
  const fresh = response && !signedOut(response) && response.ok ? (await response.json()).pages : [];
  for (const p of fresh) Object.assign(pages.find((x) => x.id === p.id) ?? {}, { state: p.state, url: p.url, thumb: p.thumb, plain: p.plain, width: p.width, height: p.height });
  for (const p of fresh) { const img = $(`[data-page="${p.id}"] img`); if (img && p.state === "ready" && img.getAttribute("src") !== p.thumb) img.src = p.thumb; }
  if (page && fresh.length) openPage(page);
  if (pages.some((p) => p.state === "waiting")) setTimeout(refreshPages, 3000);
}
if (pages.some((p) => p.state === "waiting")) setTimeout(refreshPages, 2000);

setTool(canMark ? "tick" : "v");
fit();
openPage(page);
openQuestion(question, true);
$("#saved").dataset.state = "saved";
