// The keys of the desk. Nothing fires while somebody types.
import { now } from "./marking-desk.js";
import { crosshairKey } from "./marking-pointer.js";
import { award } from "./marking-work.js";

/** `acts`: what a key does by its name; `keys`: which key, by the name of what it does. */
export function listen(acts, keys) {
  const byKey = () => new Map(Object.entries(keys).map(([name, key]) => [key, name]));
  addEventListener("keydown", (event) => {
    now.active = Date.now();
    if (event.target.matches("textarea, input, select") || document.querySelector("dialog:modal")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if ((event.ctrlKey || event.metaKey) && key === "z") { event.preventDefault(); return event.shiftKey ? acts.redo() : acts.undo(); }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (crosshairKey(event)) { event.preventDefault(); return; }
    if (key === "Enter" && event.target.closest("button, a, summary")) return;
    if (key === "Enter" && event.shiftKey) { event.preventDefault(); return acts.finish(); }
    if (/^[1-9]$/.test(key)) return award(Number(key) - 1);
    const name = byKey().get(key);
    if (!name) return;
    event.preventDefault();
    if (name === "undo" && event.shiftKey) acts.redo();
    else if (name === "comment" && event.shiftKey) acts.page_comment();
    else acts[name]();
  });
}
