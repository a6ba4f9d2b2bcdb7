// The marks and the ink as the marker means them: what the server has, and above it what this browser still holds. Every
// change goes through the log; undo is a change back.
import { $, canMark, data, fill, now, pageOf, pages, questionOf, questions, root, toast, words } from "./marking-desk.js";
import { marksText, words as inkWords } from "./marking-ink.js";
import { OperationLog } from "./marking-log.js";
import { MethodView } from "./marking-methods.js";
import { halves, nextAward, plain, questionHalves } from "./marking-scheme.js";
import { newId } from "./sha256.js";

const free = (mark) => (!Object.keys(mark.steps).length && Number(mark.marks) ? mark.marks : null);
const ofMark = (mark) => (mark?.marks != null ? { steps: mark.steps, free: free(mark), comment: mark.comment } : null);
const ofInk = ({ version: _version, ...rest }) => rest;
const same = (a, b) => sorted(a) === sorted(b);
const sorted = (value) => JSON.stringify(value, (_key, v) => (v && v.constructor === Object ? Object.fromEntries(Object.entries(v).sort()) : v));

export const marksWord = (value) => fill(Number(value) > 0 && Number(value) <= 1 ? words.mark_1 : words.marks_n, marksText(value));

/* --- What the server has, and what is above it --- */
const server = new Map([
  ...questions.map((q) => [`mark:${q.id}`, { version: q.mark_version, value: ofMark(q.mark) }]),
  ...pages.flatMap((p) => p.annotations).map((a) => [`ink:${a.id}`, { version: a.version, value: ofInk(a) }]),
]);
/** The comments of marks with their formulas set, as far as they have any: "mark:…" → HTML. */
export const formulas = new Map(questions.map((q) => [`mark:${q.id}`, q.mark?.html ?? ""]));
const pending = new Map(); // key → operations without a receipt, in order
export const marks = new Map(); // question id → {steps, free, comment, marks: string|null}
export const ink = new Map(); // annotation id → annotation
const listeners = [];
/** `changed(keys)` is called whenever values changed, here or in another tab. */
export const onChange = (changed) => listeners.push(changed);

/** A mark that was taken back is null: the question has none. */
const valueOf = (one) => (one.body.mark?.withdrawn ? null : one.body.mark ? { steps: one.body.mark.steps, free: one.body.mark.free_marks ?? null, comment: one.body.mark.comment } : ofInk(one.body.ink));
const current = (key) => (pending.get(key)?.length ? valueOf(pending.get(key).at(-1)) : server.get(key)?.value ?? null);

function refresh(key) {
  const [kind, id] = key.split(":"), value = current(key);
  if (kind === "ink") { if (value) ink.set(id, value); else ink.delete(id); return; }
  const mark = value ?? { steps: {}, free: null, comment: "" };
  marks.set(id, { ...mark, marks: value ? plain(questionHalves(questionOf(id), mark)) : null });
}
function told(keys) {
  for (const key of keys) refresh(key);
  for (const changed of listeners) changed(keys);
}
for (const key of server.keys()) refresh(key);

function describe(key, value) {
  const [kind, id] = key.split(":");
  if (kind === "mark") {
    const q = questionOf(id);
    if (!value) return `${words.q}${q.label}: ${words.not_marked}`;
    return [`${words.q}${q.label}: ${marksWord(plain(questionHalves(q, value)))}`, value.comment && `“${value.comment}”`].filter(Boolean).join(", ");
  }
  const what = [inkWords[value.kind], value.text && `“${value.text}”`, value.deleted && words.removed].filter(Boolean).join(", ");
  return `${fill(words.page_n, pageOf(value.page)?.number ?? "")}: ${what}`;
}

const bodyOf = (key, value, version) => {
  const [kind, id] = key.split(":");
  if (kind === "ink") return { ink: { ...value, version } };
  if (!value) return { mark: { question: id, version, withdrawn: true } };
  return { mark: { question: id, version, scheme: questionOf(id).scheme, steps: value.steps, comment: value.comment, ...(value.free != null && { free_marks: value.free }) } };
};

/* --- The log --- */
export const log = new OperationLog({
  paper: data.id, person: data.person, label: data.label, url: root.dataset.operations, sends: canMark,
  onState(state) { $("#saved").dataset.state = state === "signed_out" ? "kept" : state; $("#saved span").textContent = words[state === "signed_out" ? "kept" : state]; },
  onHeard({ add, drop }) {
    const keys = new Set(add.map((one) => one.key));
    for (const [key, list] of pending) if (list.some((one) => drop.includes(one.id))) { pending.set(key, list.filter((one) => !drop.includes(one.id))); keys.add(key); }
    for (const one of add) pending.set(one.key, [...(pending.get(one.key) ?? []), one]);
    for (const key of keys) choices.get(key)?.(null); // chosen in the other tab
    told([...keys]);
  },
  onSettled: settle,
  onStuck: showLost,
});

function settle(settled) {
  const keys = new Set();
  for (const [one, receipt] of settled) {
    const { key } = one, isMark = key.startsWith("mark:");
    const theirs = receipt.current && { version: receipt.current.version, value: isMark ? ofMark(receipt.current) : ofInk(receipt.current) };
    keys.add(key);
    if (receipt.outcome === "conflict") { if (pending.get(key)?.some((other) => other.id === one.id)) ask(key, theirs); continue; }
    const left = (pending.get(key) ?? []).filter((other) => other.id !== one.id);
    pending.set(key, left);
    if (receipt.outcome === "refused") { toast(fill(words.refused, one.what, receipt.detail)); showKept(); continue; }
    if (isMark) formulas.set(key, receipt.shown ?? "");
    if (theirs) { if (!left.length) server.set(key, theirs); } else if (receipt.version >= (server.get(key)?.version ?? 0)) server.set(key, { version: receipt.version, value: isMark ? valueOf(one) : { ...valueOf(one), shown: receipt.shown ?? "" } });
  }
  told([...keys]);
}

/** Takes in what this browser kept from before; call once everything can be drawn. */
export async function restore() {
  const left = await log.restore((key) => server.get(key)?.version ?? 0);
  for (const one of left) {
    if (one.version != null) { if (one.version > (server.get(one.key)?.version ?? 0)) server.set(one.key, { version: one.version, value: valueOf(one) }); }
    else if (!one.stuck && canMark && !pending.get(one.key)?.some((other) => other.id === one.id)) pending.set(one.key, [...(pending.get(one.key) ?? []), one]);
  }
  told([...new Set(left.map((one) => one.key))]);
  showKept(left);
  if (log.clean || !canMark) log.say("saved");
}

/* --- What did not arrive is shown --- */
function showLost(problem) {
  const note = $("#lost");
  note.hidden = false;
  note.querySelector("span").textContent = problem.detail || words.lost;
  showKept();
}
function showKept(left) {
  document.dispatchEvent(new CustomEvent("desk:kept", { detail: left }));
}

/* --- Two versions side by side --- */
const choices = new Map(); // key → how to answer the open question about it
let asking = Promise.resolve();

function ask(key, theirs) {
  server.set(key, theirs);
  if (choices.has(key)) return;
  choices.set(key, () => {});
  asking = asking.then(() => askOne(key)).catch(() => {});
}

async function askOne(key) {
  if (!pending.get(key)?.length) { choices.delete(key); log.chosen(key); return; }
  const dialog = document.getElementById("conflict"), isInk = key.startsWith("ink:");
  const mine = current(key), theirs = () => server.get(key).value;
  if (isInk ? mine.deleted && theirs().deleted : !mine && !theirs()) { choose(key, "theirs"); return; }
  $("#conflict-q").textContent = isInk ? words.red_ink : `${words.q}${questionOf(key.slice(5)).label}`;
  $("#conflict-mine").textContent = describe(key, mine);
  $("#conflict-theirs").textContent = describe(key, theirs());
  $("#conflict-both").hidden = !isInk || mine.deleted || theirs().deleted;
  const choice = await new Promise((resolve) => {
    choices.set(key, resolve);
    dialog.returnValue = "";
    dialog.showModal();
    // Escape is no choice.
    dialog.onclose = () => (dialog.returnValue || !choices.has(key) ? resolve(dialog.returnValue || null) : dialog.showModal());
  });
  dialog.onclose = null;
  if (dialog.open) dialog.close();
  choose(key, choice);
}

function choose(key, choice) {
  choices.delete(key);
  log.chosen(key);
  const own = pending.get(key) ?? [], drop = own.map((one) => one.id);
  if (choice && own.length) {
    const mine = valueOf(own.at(-1));
    pending.set(key, []);
    const add = [];
    if (choice === "mine") add.push([key, mine]);
    if (choice === "both") { const id = newId(); add.push([`ink:${id}`, { ...mine, id }]); }
    put(add, drop);
  }
  told([key]);
  log.flush();
}

/* --- Changing things, with undo --- */
export const undone = [], redone = [];

function put(changes, drop = []) {
  const made = changes.map(([key, value]) => {
    const after = pending.get(key)?.at(-1)?.id ?? null;
    return { key, what: describe(key, value), body: { after, ...bodyOf(key, value, server.get(key)?.version ?? 0) } };
  });
  const added = log.add(made, drop);
  for (const one of added) pending.set(one.key, [...(pending.get(one.key) ?? []), one]);
  told(changes.map(([key]) => key));
}

/** Makes changes ([[key, value], …]) that one undo takes back together. */
export function change(changes) {
  const real = changes.filter(([key, value]) => !same(current(key), value));
  if (!canMark || log.stuck || !real.length) return;
  now.active = Date.now();
  undone.push(real.map(([key, value]) => ({ key, before: before(key, value), after: value })));
  if (undone.length > 200) undone.shift();
  redone.length = 0;
  put(real);
}
const before = (key, value) => current(key) ?? (key.startsWith("ink:") ? { ...value, deleted: true } : null);

function go(from, to, side) {
  const entry = from.pop();
  if (!entry || log.stuck) return;
  const other = side === "before" ? "after" : "before";
  const still = entry.filter((one) => same(current(one.key), one[other]));
  if (still.length < entry.length) toast(words.changed_since, "warning");
  if (!still.length) return;
  to.push(still);
  put(still.map((one) => [one.key, one[side]]));
  return still;
}
export const undo = () => go(undone, redone, "before");
export const redo = () => go(redone, undone, "after");

/* --- Ink --- */
export const inkOf = (page) => [...ink.values()].filter((a) => a.page === page?.id && !a.deleted);
const stampsOf = (test) => [...ink.values()].filter((a) => a.step && !a.deleted && test(a));

const fresh = (kind, geometry, extra) => {
  const id = newId();
  return [`ink:${id}`, { id, page: now.page.id, question: now.question.id, step: null, kind, geometry, text: "", marks: "", deleted: false, ...extra }];
};
export const addInk = (kind, geometry, extra = {}) => change([fresh(kind, geometry, extra)]);
export const changeInk = (items, made) => change(items.map((item) => [`ink:${item.id}`, { ...item, ...made(item) }]));
export const removeInk = (items) => changeInk(items, () => ({ deleted: true }));

/* --- Marks --- */
export const methods = new MethodView({ box: $("#methods"), marks, say: (method) => fill(words.method_n, method), show: marksText, counts: words.counts });
export const steps = () => methods.steps(now.question);
export const markKey = () => `mark:${now.question.id}`;
export const markOf = () => { const { steps: given, comment } = marks.get(now.question.id); return { steps: given, free: null, comment }; };

/** Point and press: the step is awarded and its tick lands where the pointer is; again gives half, again none. */
export function award(index, spot = now.spot) {
  const s = steps()[index];
  if (!s) return;
  now.step = index;
  const mark = markOf(), given = nextAward(s, mark.steps[s.id]), kind = given === halves(s.marks) ? "tick" : "half";
  mark.steps = { ...mark.steps };
  if (given) mark.steps[s.id] = plain(given); else delete mark.steps[s.id];
  const own = stampsOf((a) => a.step === s.id);
  const stamps = !given ? own.map((a) => [`ink:${a.id}`, { ...a, deleted: true }])
    : own.length ? own.map((a) => [`ink:${a.id}`, { ...a, kind, marks: plain(given) }])
      : spot && now.page ? [fresh(kind, { x: spot[0], y: spot[1] }, { step: s.id, marks: plain(given) })] : [];
  change([[markKey(), mark], ...stamps]);
}

/** All steps of the method in view, or none of the question: what was given for another solution of the student stays. */
export function giveAll(full) {
  const mark = markOf(), shown = steps();
  mark.steps = full ? { ...mark.steps, ...Object.fromEntries(shown.map((s) => [s.id, plain(halves(s.marks))])) } : {};
  const own = stampsOf((a) => a.question === now.question.id && (!full || shown.some((s) => s.id === a.step)));
  change([[markKey(), mark], ...own.map((a) => [`ink:${a.id}`, full ? { ...a, kind: "tick", marks: mark.steps[a.step] ?? a.marks } : { ...a, deleted: true }])]);
}

/** No marks to many questions at once; one undo takes all of them back. */
export const giveNothing = (ids) => change(ids.map((id) => [`mark:${id}`, { steps: {}, free: null, comment: marks.get(id).comment }]));
/** How many questions the next undo leaves unmarked, when it is of several at once. */
export const givenAtOnce = () => { const last = undone.at(-1) ?? []; return last.length > 1 && last.every((one) => one.key.startsWith("mark:") && !one.before) ? last.length : 0; };

export function writeComment(text) {
  const { free: given, ...mark } = marks.get(now.question.id);
  if (text !== mark.comment) change([[markKey(), { steps: mark.steps, free: given, comment: text }]]);
}

/** Free marks in half marks, or null to count the steps again. */
export function giveHalves(half, comment) {
  change([[markKey(), half == null ? markOf() : { steps: {}, free: plain(half), comment }]]);
}
