// The question editor: rows by keyboard, the running sum, pictures into texts, the live preview, unsaved changes.
import { DraftKeeper } from "./question-draft.js";

const root = document.querySelector(".q-editor");
const form = () => document.getElementById("editor");
const all = (selector, within = form()) => [...within.querySelectorAll(selector)];
const said = (text) => { document.getElementById("picture-said").textContent = text; };
let dirty = false;
let lastText = null; // where the next picture goes
let waiting;
let methods = all("[data-rows=steps]").length;

/* --- What needs JavaScript is shown only now; also after the form was swapped for another type --- */
function arrange() {
  document.documentElement.classList.add("js");
  for (const part of all("[data-js]", root)) part.hidden = false;
  for (const list of all("[data-rows]")) renumber(list);
  sums();
}

function preview(delay = 500) {
  clearTimeout(waiting);
  waiting = setTimeout(() => document.getElementById("preview-source").dispatchEvent(new Event("preview")), delay);
}

function changed() {
  dirty = true;
  draft.touch();
  sums();
  preview();
}

/* --- Rows --- */
const rowsOf = (list) => all("[data-row]", list.querySelector("[data-list]"));
const romans = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii"];

function labels(list, rows) {
  if (list.dataset.rows === "options") return rows.map((_, n) => String.fromCharCode(65 + n));
  const or = rows.map((row) => row.querySelector("[name=parts-alternative]")?.checked ?? false);
  if (!rows.some((row) => row.querySelector("[name=parts-alternative]"))) return rows.map((_, n) => String(n + 1));
  let count = 0;
  return rows.map((_, n) => {
    if (or[n] && n) return `${romans[count - 1]}b`;
    count += 1;
    return (romans[count - 1] ?? count) + (or[n + 1] ? "a" : "");
  });
}

function renumber(list) {
  const rows = rowsOf(list);
  labels(list, rows).forEach((label, n) => {
    const row = rows[n];
    row.querySelector("[data-label]").textContent = label;
    for (const named of all("[data-name]", row)) named.setAttribute("aria-label", `${named.dataset.name} ${label}`);
    for (const tick of all("input[type=radio], input[type=checkbox]", row)) tick.value = n;
  });
}

/** A step names the steps it follows by their numbers: `change` moves rows, and the numbers move with them. */
function rearrange(list, change) {
  const before = rowsOf(list);
  const named = before.flatMap((row) => all("[data-follows]", row)).filter((box) => box.value.trim())
    .map((box) => [box, box.value.trim().split(/[\s,;+]+/).map((one) => before[one - 1] ?? one)]);
  change();
  renumber(list);
  const rows = rowsOf(list);
  for (const [box, ones] of named) {
    box.value = ones.filter((one) => typeof one === "string" || rows.includes(one))
      .map((one) => (typeof one === "string" ? one : rows.indexOf(one) + 1)).join(", ");
  }
}

const firstBox = (row) => row.querySelector("textarea, input:not([type=radio], [type=checkbox], [type=hidden]), select");

function addRow(list, after) {
  const made = list.querySelector("template[data-blank]").content.firstElementChild.cloneNode(true);
  for (const part of all("[data-js]", made)) part.hidden = false;
  rearrange(list, () => {
    if (after) after.after(made);
    else list.querySelector("[data-list]").append(made);
  });
  firstBox(made).focus();
  changed();
}

function removeRow(list, row) {
  const rows = rowsOf(list), at = rows.indexOf(row);
  rearrange(list, () => row.remove());
  if (rows.length === 1) return addRow(list);
  firstBox(rows[at + 1] ?? rows[at - 1]).focus();
  changed();
}

function moveRow(list, row, by) {
  const rows = rowsOf(list), other = rows[rows.indexOf(row) + by];
  if (!other) return;
  const focused = document.activeElement;
  rearrange(list, () => {
    if (by < 0) other.before(row);
    else other.after(row);
  });
  focused?.focus();
  changed();
}

/* --- The sum of the scheme against the marks --- */
const number = (text) => {
  const plain = text.trim().replace(",", ".").replace(/^½$/, "0.5").replace(/½$/, ".5");
  return plain === "" ? 0 : Number(plain);
};
const shown = (value) => String(value).replace(/^0\.5$/, "½").replace(/\.5$/, "½");

function sums() {
  const total = number(form().querySelector("[data-total]").value);
  for (const output of all("[data-sum]")) {
    const boxes = all("[data-marks]", output.closest("[data-rows]"));
    const sum = boxes.reduce((so_far, box) => so_far + number(box.value), 0);
    const known = Number.isFinite(sum) && Number.isFinite(total);
    output.textContent = known ? output.dataset.of.replace("{}", shown(sum)).replace("{}", shown(total)) : "";
    output.dataset.state = known && sum === total && total ? "ok" : sum > total ? "off" : "";
  }
}

/* --- Pictures: chosen, pasted or dropped; the address goes to where the writing was --- */
async function sendPicture(file, into) {
  if (!file?.type.startsWith("image/")) return;
  const box = into ?? lastText ?? form().querySelector("[name=text]");
  const place = [box.selectionStart, box.selectionEnd];
  const body = new FormData();
  body.append("picture", file, file.name || "picture.png");
  said(root.dataset.pictureSending);
  try {
    const headers = { "X-CSRFToken": form().querySelector("[name=csrfmiddlewaretoken]").value };
    const answer = await fetch(root.dataset.picture, { method: "POST", body, headers });
    const found = await answer.json();
    if (!answer.ok) return said(found.detail ?? root.dataset.failed);
    const alt = box.value.slice(...place) || found.alt;
    const lead = place[0] && !box.value.slice(0, place[0]).endsWith("\n") && box.name === "text" ? "\n\n" : "";
    box.setRangeText(`${lead}![${alt}](${found.address})`, ...place, "end");
    box.focus();
    box.setSelectionRange(place[0] + lead.length + 2, place[0] + lead.length + 2 + alt.length);
    said(root.dataset.ready);
    changed();
  } catch {
    said(root.dataset.failed);
  }
}

root.addEventListener("paste", (event) => {
  const file = [...event.clipboardData.files][0];
  if (!file?.type.startsWith("image/") || !event.target.matches("[data-source]")) return;
  event.preventDefault();
  sendPicture(file, event.target);
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  root.addEventListener(kind, (event) => {
    const files = event.dataTransfer?.types.includes("Files");
    if (files) event.preventDefault();
    form().classList.toggle("drop", kind === "dragover" && files);
    if (kind === "drop" && files) sendPicture(event.dataTransfer.files[0], event.target.closest("[data-source]"));
  });
}

/* --- Clicks, keys, typing --- */
root.addEventListener("click", (event) => {
  const list = event.target.closest("[data-rows]"), row = event.target.closest("[data-row]");
  if (!list) return;
  if (event.target.closest("[data-add]")) addRow(list);
  else if (event.target.closest("[data-remove]")) removeRow(list, row);
  else if (event.target.closest("[data-up]")) moveRow(list, row, -1);
  else if (event.target.closest("[data-down]")) moveRow(list, row, 1);
});

// While the server's answer takes the place of the form, the keys reach the page alone.
document.addEventListener("keydown", (event) => {
  if (!root.contains(event.target) && event.target !== document.body) return;
  const list = event.target.closest("[data-rows]"), row = event.target.closest("[data-row]");
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
    event.preventDefault();
    form().requestSubmit(form().querySelector("[data-save]"));
  } else if (event.altKey && event.code === "KeyP") {
    event.preventDefault();
    document.getElementById("picture").click();
  } else if (event.altKey && event.code === "KeyM") {
    event.preventDefault();
    form().querySelector("[data-add-method]")?.click();
  } else if (row && event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
    event.preventDefault();
    moveRow(list, row, event.key === "ArrowUp" ? -1 : 1);
  } else if (row && event.altKey && event.key === "Backspace") {
    event.preventDefault();
    removeRow(list, row);
  } else if (row && event.key === "Enter" && !event.shiftKey && !event.isComposing && event.target.matches("input, textarea")) {
    event.preventDefault();
    const rows = rowsOf(list), following = rows[rows.indexOf(row) + 1];
    if (following) firstBox(following).focus();
    else addRow(list, row);
  } else if (event.key === "Enter" && event.target.matches("input:not([type=file])")) {
    // Enter in a box would save a question that is half written.
    event.preventDefault();
  }
});

root.addEventListener("focusin", (event) => { if (event.target.matches("[data-source]")) lastText = event.target; });
root.addEventListener("input", changed);
root.addEventListener("change", (event) => {
  if (event.target.id === "picture") {
    sendPicture(event.target.files[0]);
    event.target.value = "";
    return;
  }
  for (const list of all("[data-rows]")) renumber(list);
  changed();
});

/* --- The preview's sentences go beside their fields --- */
const filledRows = (list) => rowsOf(list).filter((row) => all("textarea, input:not([type=radio], [type=checkbox], [type=hidden])", row).some((box) => box.value.trim() && box.name !== "accepted-credit"));

function place(sentences) {
  for (const error of all("[data-error], [data-error-for]")) {
    if (error.dataset.live) { error.hidden = true; delete error.dataset.live; }
  }
  for (const sentence of sentences) {
    const [kind, at] = sentence.dataset.place.split("-");
    const lists = at ? all(`[data-rows="${kind}"]`).map(filledRows).filter((rows, n) => !n || rows.length) : [];
    const [within, method = 1] = (at ?? "").split(".").reverse(); // "2.1": the first step of method 2
    const error = lists.length ? lists[method - 1]?.[within - 1]?.querySelector("[data-error]") : form().querySelector(`[data-error-for="${kind}"]`);
    if (!error || (!error.hidden && !error.dataset.live)) continue;
    error.querySelector("span").textContent = sentence.textContent.trim();
    error.hidden = false;
    error.dataset.live = "1";
  }
}

/** After a method was added or removed: writing goes on in the new one, and the preview follows. */
function methodsChanged() {
  const now = all("[data-rows=steps]").length, fresh = form().querySelector("[autofocus]");
  fresh?.removeAttribute("autofocus");
  fresh?.focus();
  if (now !== methods) changed();
  methods = now;
}

document.addEventListener("htmx:after:swap", () => {
  if (!form()) return;
  draft.stamp();
  draft.touch();
  arrange();
  methodsChanged();
  place(all("[data-place]", root));
});

/* --- Nothing that was typed is lost by a slip --- */
addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
root.addEventListener("submit", (event) => {
  dirty = false;
  if (draft.clean && !draft.working) return;
  // What was typed last reaches the server first; without network or session the page stays, with everything in it.
  event.preventDefault();
  const submitter = event.submitter;
  Promise.resolve(draft.working).then(() => draft.flush()).then((there) => {
    if (!there) { dirty = true; return; }
    draft.stamp();
    HTMLFormElement.prototype.submit.call(copied(submitter));
  });
});

/** The form with the pressed button's value, which a script's submit leaves out. */
function copied(submitter) {
  const pressed = Object.assign(document.createElement("input"), { type: "hidden", name: submitter?.name || "do", value: submitter?.value || "save" });
  form().append(pressed);
  dirty = false;
  return form();
}

/* --- Kept while one writes; see question-draft.js --- */
const draft = new DraftKeeper({
  root, form,
  onState(state) {
    if (state === "kept") dirty = false;
    const box = document.getElementById("kept");
    box.textContent = root.dataset[state] ?? "";
    box.dataset.state = state;
  },
  onRefused: (text) => document.dispatchEvent(new CustomEvent("toast", { detail: { text, level: "error" } })),
  onConflict(problem) {
    const box = document.getElementById("draft-conflict");
    box.hidden = false;
    box.querySelector("p span").textContent = problem.detail;
    const theirs = box.querySelector("[data-theirs]");
    theirs.hidden = !problem.draft;
    theirs.href = `?draft=${problem.draft}`;
    theirs.onclick = () => { dirty = false; draft.forgetHere(); };
    box.querySelector("[data-mine]").onclick = () => { box.hidden = true; draft.keepMine(problem); };
    box.scrollIntoView({ block: "nearest" });
  },
});

async function bringBack() {
  const left = draft.leftHere();
  if (left && draft.clean) {
    const box = document.getElementById("left-here");
    box.hidden = false;
    box.querySelector("a").href = `?draft=${left}`;
  }
  const fresh = await draft.restored().catch(() => null);
  if (!fresh) return;
  form().replaceWith(fresh);
  htmx.process(fresh);
  arrange();
  changed();
  document.dispatchEvent(new CustomEvent("toast", { detail: { text: root.dataset.restored, level: "success" } }));
}

if (form().querySelector(".err:not([hidden]), .formerr")) {
  dirty = true;
  (form().querySelector("[aria-invalid=true]") ?? form().querySelector(".err:not([hidden])")?.closest(".q-row, .f")?.querySelector("input, textarea, select"))?.focus();
}
arrange();
bringBack();
