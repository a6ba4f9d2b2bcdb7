// The keys of the desk, which each marker may change or switch off. Nothing fires while somebody types.
import { $, $$, data, now, root, rubric, words } from "./marking-desk.js";
import { crosshairKey } from "./marking-pointer.js";
import { award } from "./marking-work.js";
import { csrf, signedOut } from "./signed-in.js";

const state = data.keys; // {keys: {action: key}, is_on}
const keyName = (event) => (event.key.length === 1 ? event.key.toLowerCase() : event.key);

function actionOf(key) {
  const found = Object.keys(state.keys).find((name) => state.keys[name] === key);
  return found ?? (key === "=" && state.keys.in === "+" ? "in" : undefined); // + without Shift
}

/** `acts`: what a key does, by its name. */
export function listen(acts) {
  addEventListener("keydown", (event) => {
    now.active = Date.now();
    if (event.isComposing || event.target.matches("textarea, input, select") || document.querySelector("dialog:modal")) return;
    const key = keyName(event);
    if ((event.ctrlKey || event.metaKey) && key === "z") { event.preventDefault(); return event.shiftKey ? acts.redo() : acts.undo(); }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (crosshairKey(event)) { event.preventDefault(); return; }
    if (key === "Enter" && event.target.closest("button, a, summary")) return;
    if (key === "Enter") { event.preventDefault(); return event.shiftKey ? acts.finish() : acts.next(); }
    if (!state.is_on) return;
    if (key === "?") { event.preventDefault(); return acts.help(); }
    if (/^[1-9]$/.test(key)) return (rubric.pressDigit ?? award)(Number(key) - 1);
    const name = actionOf(key);
    if (!name) return;
    event.preventDefault();
    if (name === "undo" && event.shiftKey) acts.redo();
    else if (name === "comment" && event.shiftKey) acts.page_comment();
    else acts[name]();
  });
  paintKeys();
}

/** The keys as they are, on the tools and in the list. */
function paintKeys() {
  root.toggleAttribute("data-keyless", !state.is_on);
  const shown = { ...state.keys, tool_c: state.keys.comment, tool_ask: state.keys.ask, redo: `⇧${state.keys.undo}` };
  for (const button of $$(".dock button")) {
    const key = shown[button.dataset.tool ? `tool_${button.dataset.tool}` : button.dataset.act];
    if (!key) continue;
    button.querySelector(".k").textContent = key.toUpperCase();
    button.dataset.name ??= button.getAttribute("aria-label").replace(/, [^,]*$/, "");
    button.setAttribute("aria-label", state.is_on ? `${button.dataset.name}, ${key.toUpperCase()}` : button.dataset.name);
  }
  for (const cap of $$("[data-rebind]")) cap.querySelector("kbd").textContent = state.keys[cap.dataset.rebind].toUpperCase();
}

async function save(keys, isOn) {
  const response = await fetch(root.dataset.keys, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() }, body: JSON.stringify({ keys, is_on: isOn }) }).catch(() => null);
  if (response && signedOut(response)) return;
  const answer = await response?.json().catch(() => null);
  $("#keys-problem").textContent = response?.ok ? "" : answer?.detail || words.not_asked;
  if (response?.ok) Object.assign(state, answer);
  $("#keys-on").checked = state.is_on;
  paintKeys();
}

/* --- The list under ?: press a key's button, then the key it shall be --- */
let waiting = null;
const stop = () => { waiting = null; paintKeys(); };
$("#help").addEventListener("click", (event) => {
  const cap = event.target.closest("[data-rebind]");
  if (event.target.closest("#keys-reset")) save({}, state.is_on);
  if (!cap) return;
  paintKeys();
  waiting = cap;
  cap.querySelector("kbd").textContent = words.press;
});
$("#help").addEventListener("keydown", (event) => {
  if (!waiting || ["Shift", "Control", "Alt", "Meta"].includes(event.key)) return;
  if (event.key === "Tab" || event.ctrlKey || event.metaKey) return stop();
  event.preventDefault();
  event.stopPropagation();
  const { rebind } = waiting.dataset;
  if (event.key === "Escape") return stop();
  waiting = null;
  save({ ...state.keys, [rebind]: keyName(event) }, state.is_on);
});
$("#help").addEventListener("focusout", () => { if (waiting) stop(); });
$("#keys-on")?.addEventListener("change", (event) => save(state.keys, event.target.checked));
