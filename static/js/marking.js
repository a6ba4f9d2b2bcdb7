// The marking desk: pages with red ink, the scheme by keys, everything saved as it happens.
import { tick } from "./marking-clock.js";
import { commentBox, pageComment, somewhere } from "./marking-comments.js";
import { paintBlank, paintCompare } from "./marking-compare.js";
import { $, $$, canMark, data, fill, notAttempted, now, numbers, pageOf, pages, questionOf, questions, root, rubric, toast, words } from "./marking-desk.js";
import { marksText } from "./marking-ink.js";
import { showKept } from "./marking-kept.js";
import { listen } from "./marking-keys.js";
import { flagLater, listLater, paintLater } from "./marking-later.js";
import { drawInk, fit, middle, openPage, place, svg, turn, turnPage, view, zoomBy } from "./marking-pages.js";
import { giveFree, missing, numberDone, pageFor, paint, paintFields, paintQuestion, seeMethod, showFree } from "./marking-panel.js";
import { fetchAhead } from "./marking-next.js";
import { setTool, toggleCrosshair } from "./marking-pointer.js";
import { isMarked, paperHalves, plain } from "./marking-scheme.js";
import { award, giveAll, log, marks, methods, onChange, redo, restore, undo, writeComment } from "./marking-work.js";
import { csrf } from "./signed-in.js";

/* --- What changed, here or in another tab, is drawn --- */
onChange((keys) => {
  if (keys.some((key) => key.startsWith("ink:"))) drawInk();
  if (keys.includes(`mark:${now.question?.id}`)) paintFields();
  if (now.question) paintAll();
});
document.addEventListener("desk:kept", () => {
  showKept($("#kept"), { person: data.person, paper: data.id, words, isShown: (one) => one.stuck || !canMark }).then((count) => { if (count) $("#lost").hidden = false; });
});

function paintAll() {
  paint();
  paintCompare();
  paintBlank();
}

/* --- Moving on --- */
function openQuestion(q, keepPage = false) {
  now.question = q;
  now.step = null;
  if (!keepPage && pageFor(q) && pageFor(q) !== now.page) openPage(pageFor(q));
  paintQuestion();
  paintAll();
  paintLater(q);
}
const openNumber = (number) => openQuestion(questions.find((q) => q.number === number));

function move(by) {
  const at = numbers.indexOf(now.question.number) + by;
  openNumber(numbers[Math.max(0, Math.min(numbers.length - 1, at))]);
}
function nextUnmarked() {
  const { question } = now;
  if (canMark && !isMarked(marks.get(question.id)) && !numberDone(question.number) && !notAttempted.has(question.number)) {
    toast(fill(words.mark_first, question.label), "warning");
    return;
  }
  const at = numbers.indexOf(question.number);
  const ahead = [...numbers.slice(at + 1), ...numbers.slice(0, at)].find((n) => !numberDone(n));
  if (ahead == null) return canMark ? finish() : move(1);
  openNumber(ahead);
}
async function finish() {
  await log.flush();
  if (!log.clean) { toast(words.not_saved); return; }
  const left = missing();
  if (pictures.open.length) { toast(fill(words.still_asked, pictures.open.map((p) => pageOf(p.page)?.number).join(", "))); return; }
  if (left.length) { toast(fill(words.missing, left.join(", "))); openNumber(left[0]); return; }
  $("#finish-total").textContent = marksText(plain(paperHalves(questions, marks)));
  listLater((q) => openQuestion(q));
  csrf();
  $("#finish-dialog").showModal();
}

// Of a clearer picture: read when there is one to show, or to ask for.
let pictures = { open: [], beside: false, show() {} }, reading = null;
const readPictures = () => (reading ??= import("./marking-pictures.js").then(({ DeskPictures }) => {
  pictures = new DeskPictures({
    pictures: data.pictures, pointed: data.pointed, words, urls: { ask: root.dataset.ask, withdraw: root.dataset.withdraw, state: root.dataset.state },
    svg, place, isAsking: () => canMark && now.tool === "ask", numberOf: (id) => pageOf(id)?.number, toast,
    changed({ due_at, paused }) { data.due_at = due_at; data.paused = paused; tick(); }, drawn: () => fit(), setTool,
  });
  if (now.page) pictures.show(now.page);
}));
const askPicture = () => readPictures().then(() => pictures.ask(), () => { reading = null; toast(words.not_asked); });
if (data.pictures.length || data.pointed) readPictures();
view.beside = () => pictures.beside;
view.onOpen = (p) => pictures.show(p);

function back(entry) {
  const id = entry?.find((one) => one.key.startsWith("mark:"))?.key.slice(5);
  if (id && id !== now.question.id) openQuestion(questionOf(id));
  if (entry) paintQuestion();
  if (entry) paint();
}

/** Sheets of a narrow screen. */
function unfold(act, box, name, open = !box.hasAttribute(name)) {
  box.toggleAttribute(name, open);
  for (const button of $$(`[data-act=${act}]`)) button.setAttribute("aria-expanded", open);
}
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog:modal")) return;
  unfold("sheet", $(".panel"), "data-open", false);
  unfold("tools", root, "data-tools", false);
});

const wanted = (part, act) => part.then((one) => one[act](), () => toast(words.not_asked));
const acts = {
  undo: () => back(undo()), redo: () => back(redo()), next: nextUnmarked, finish,
  sheet: () => unfold("sheet", $(".panel"), "data-open"), tools: () => unfold("tools", root, "data-tools"), full: () => (rubric.giveBest ?? giveAll)(true), none: () => giveAll(false),
  came: () => open(now.page.plain, "_blank", "noopener"), turn, fit: () => zoomBy(0), in: () => zoomBy(1.2), out: () => zoomBy(1 / 1.2), later_flag: () => flagLater(now.question), who: () => wanted(import("./marking-who.js"), "whoGot"), blank: () => wanted(import("./marking-blank.js"), "showBlank"), give_blank: () => wanted(import("./marking-blank.js"), "giveBlank"),
  forward: () => (rubric.stepCriterion ?? move)(1), back: () => (rubric.stepCriterion ?? move)(-1), method() { methods.next(now.question); seeMethod(); },
  earlier: () => turnPage(-1), later: () => turnPage(1), help: () => $("#help").showModal(),
  ask: () => canMark && askPicture(), comment: () => canMark && now.page && commentBox(somewhere()),
  page_comment: () => canMark && now.page && pageComment(),
  crosshair: () => canMark && now.page && toggleCrosshair(now.spot ?? middle()),
};
for (const name of ["v", "tick", "half", "cross", "pen", "hl", "line", "circle", "e"]) acts[`tool_${name}`] = () => canMark && setTool(name);

addEventListener("click", (event) => {
  const b = event.target.closest("button");
  if (!b || !root.contains(b)) return;
  if (b.dataset.tool) unfold("tools", root, "data-tools", false);
  if (b.dataset.tool === "ask") askPicture();
  else if (b.dataset.tool) setTool(b.dataset.tool);
  else if (b.dataset.act) acts[b.dataset.act]();
  else if (b.dataset.level != null) rubric.pressLevel(b.dataset);
  else if (b.dataset.step != null) award(Number(b.dataset.step), null);
  else if (b.dataset.number) openNumber(Number(b.dataset.number));
  else if (b.dataset.alternative) openQuestion(questionOf(b.dataset.alternative), true);
  else if (b.dataset.method) { methods.choose(now.question, Number(b.dataset.method)); seeMethod(); }
  else if (b.dataset.page) openPage(pageOf(b.dataset.page));
  else if (b.dataset.bank) commentBox(somewhere(), { text: b.dataset.bank });
  else if (b.dataset.tab) for (const tab of $$("[data-tab]")) { const on = tab === b; tab.setAttribute("aria-selected", on); tab.tabIndex = on ? 0 : -1; $(`#${tab.dataset.tab}`).hidden = !on; }
});
$("#comment").addEventListener("change", (event) => {
  writeComment(event.target.value.trim());
  if ($("#free").hasAttribute("aria-invalid")) giveFree($("#free").value.trim()); // the reason it waited for may be there
});
$("#free").addEventListener("change", (event) => giveFree(event.target.value.trim()));
$("#free").addEventListener("keydown", (event) => { if (event.key === "Escape") showFree(); });

listen(acts);
addEventListener("beforeunload", (event) => { if (!log.clean) event.preventDefault(); });

setTool(canMark ? "tick" : "v");
fit();
openPage(now.page);
const named = () => questions.find((q) => `#q${q.number}` === location.hash);
addEventListener("hashchange", () => { if (named()) openQuestion(named()); });
const first = named() ?? (canMark ? questions.find((q) => q.look) : undefined); // what is to be looked at again, then what is not marked
if (now.question?.is_rubric) Object.assign(rubric, await import("./marking-rubric.js"));
openQuestion(first ?? now.question, !first);
restore();
fetchAhead();
