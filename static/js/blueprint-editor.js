// The blueprint editor and the draft of a paper: keys, where the focus goes after a part was swapped, the live check.
const form = document.getElementById("blueprint-form");
let timer, asked;
function recheck() {
  clearTimeout(timer);
  timer = setTimeout(() => document.body.dispatchEvent(new Event("recheck")), 400);
}

const acts = { ArrowUp: "up", ArrowDown: "down", KeyC: "copy", Backspace: "drop" };

/** The button that `code` presses for the row or section in which the focus is. */
function buttonOf(code, at) {
  if (code === "KeyN") return at.closest("section")?.querySelector("[data-add]");
  return at.closest("[data-run]")?.querySelector(`[data-act=${acts[code] ?? "none"}]`);
}

if (form) {
  // The server draws the form anew after each step, and rows get other names: what is pressed meanwhile waits for the
  // new form and acts on where the focus is then. A click on a row that moves away is not a click on the next one.
  let busy = false, waiting = [];
  const inTurn = (act) => { if (busy) waiting.push(act); else act(); };
  form.addEventListener("htmx:before:request", () => { busy = true; });
  form.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
    if (!(ctx.response?.status < 500) || ctx.hx?.redirect) waiting = [];
    // htmx takes the next request only after this event.
    setTimeout(() => { busy = false; waiting.shift()?.(); });
  });
  form.addEventListener("submit", (event) => {
    const name = event.submitter?.value;
    if (!busy) asked = name === "check";
    else {
      event.preventDefault();
      event.stopImmediatePropagation();
      if (["save", "check", "section"].includes(name)) waiting.push(() => form.querySelector(`button:not(.vh)[value=${name}]`).click());
    }
  }, true);

  form.addEventListener("input", recheck);
  document.addEventListener("keydown", (event) => {
    // Between the old form and the new one nothing has the focus.
    const between = busy && event.target === document.body;
    if (!between && !form.contains(event.target)) return;
    if (event.ctrlKey && event.key === "Enter") {
      event.preventDefault();
      return inTurn(() => form.querySelector("[data-save]").click());
    }
    if (!event.altKey || event.ctrlKey || event.metaKey) return;
    if (between ? !(event.code in acts || event.code === "KeyN") : !buttonOf(event.code, event.target)) return;
    event.preventDefault();
    inTurn(() => buttonOf(event.code, document.activeElement)?.click());
  });
}

document.addEventListener("htmx:after:swap", () => {
  const editor = document.getElementById("editor");
  const dialog = document.getElementById("swap-dialog");
  if (asked) {
    asked = false;
    document.getElementById("check")?.scrollIntoView({ block: "nearest" });
  }
  if (editor && !editor.dataset.seen) {
    editor.dataset.seen = "1";
    const wanted = document.getElementById(editor.dataset.focus) ?? document.getElementById("problems");
    wanted?.focus();
    wanted?.select?.();
    recheck();
  }
  if (dialog?.querySelector("form, .note") && !dialog.open) {
    dialog.showModal();
    dialog.querySelector("input:checked, input, a")?.focus();
  }
});

/* --- The draft: J K through the questions, S swaps, A draws another, F freezes; never while typing --- */
const questions = () => [...document.querySelectorAll("[data-question]")];
const typing = (el) => el.matches("input, textarea, select") || el.isContentEditable;

function step(by) {
  const all = questions();
  const at = all.findIndex((question) => question.contains(document.activeElement));
  all[at < 0 ? 0 : Math.max(0, Math.min(all.length - 1, at + by))]?.focus();
}

addEventListener("keydown", (event) => {
  const dialog = document.querySelector("dialog[open]");
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (dialog) {
    const radio = /^[1-9]$/.test(event.key) && document.activeElement.type !== "search"
      && dialog.querySelectorAll("input[type=radio]")[event.key - 1];
    if (radio) { radio.checked = true; radio.focus(); }
    return;
  }
  if (typing(event.target) || !document.querySelector("[data-question]")) return;
  const key = event.key.toLowerCase();
  if (key === "j") step(1);
  else if (key === "k") step(-1);
  else if (key === "s") document.activeElement.closest("[data-question]")?.querySelector("[data-swap]")?.click();
  else document.querySelector(`[data-key="${CSS.escape(key)}"]`)?.click();
});
