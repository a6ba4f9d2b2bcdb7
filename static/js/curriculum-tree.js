// The curriculum tree: arrows walk, Enter goes to the name, Alt+↑ and Alt+↓ move, Shift+Enter and Ctrl+Enter add next to it
// and inside it, Delete goes to the button; a mouse drags. Without this script every part is a link and every act a form.
import { csrf } from "./signed-in.js";

const root = () => document.getElementById("curriculum"), tree = () => root()?.querySelector("[data-tree]");
const items = () => [...tree().querySelectorAll("[data-node] > a")];
const seen = () => items().filter((item) => !item.closest("[aria-expanded=false] + ul"));
const keyOf = (item) => item.parentElement.dataset.node;
const itemOf = (key) => tree()?.querySelector(`[data-node="${key}"] > a`);
const parentOf = (item) => item.parentElement.parentElement.closest("[data-node]")?.firstElementChild;
const groupOf = (item) => (item.nextElementSibling?.tagName === "UL" ? item.nextElementSibling : null);
const levelOf = (item) => keyOf(item).split(":")[0];
const MANY = 80;
const shut = new Set();
let known = false, busy = false, wanted, loading, dragged, from, place, done;

/** Names and roles of the tree pattern; `shut` parts stay shut when the server has drawn the tree anew. */
function dress() {
  if (!tree()) return;
  const all = items(), chosen = all.find((item) => item.hasAttribute("aria-current"));
  if (!known && all.length > MANY) for (const item of all) if (levelOf(item) === "chapter" && groupOf(item)) shut.add(keyOf(item));
  known = true;
  for (let up = chosen && parentOf(chosen); up; up = parentOf(up)) shut.delete(keyOf(up));
  tree().setAttribute("role", "tree");
  const hint = document.getElementById("tree-keys");
  hint.hidden = false;
  tree().setAttribute("aria-describedby", "tree-keys");
  for (const item of all) {
    const group = groupOf(item), siblings = [...item.parentElement.parentElement.children];
    item.parentElement.setAttribute("role", "none");
    item.setAttribute("role", "treeitem");
    item.setAttribute("aria-level", ["unit", "chapter", "topic"].indexOf(levelOf(item)) + 1);
    item.setAttribute("aria-setsize", siblings.length);
    item.setAttribute("aria-posinset", siblings.indexOf(item.parentElement) + 1);
    item.setAttribute("aria-selected", item === chosen);
    item.tabIndex = -1;
    if (!group) continue;
    group.id = `in-${keyOf(item)}`;
    group.setAttribute("role", "group");
    item.setAttribute("aria-owns", group.id);
    item.setAttribute("aria-expanded", !shut.has(keyOf(item)));
  }
  (chosen ?? all[0]).tabIndex = 0;
}

function open(item, is) {
  if (!groupOf(item)) return;
  shut[is ? "delete" : "add"](keyOf(item));
  item.setAttribute("aria-expanded", is);
}

/** Chooses a part: the focus is there, and its forms come beside the tree. */
function choose(item, wait = 200) {
  for (const other of items()) {
    other.tabIndex = other === item ? 0 : -1;
    other.setAttribute("aria-selected", other === item);
    if (other === item) other.setAttribute("aria-current", "true"); else other.removeAttribute("aria-current");
  }
  item.focus();
  clearTimeout(wanted);
  loading?.abort();
  return new Promise((ready) => { wanted = setTimeout(() => load(keyOf(item)).then(ready), wait); });
}

async function load(key) {
  const at = `${root().dataset.url}?at=${encodeURIComponent(key)}`;
  loading = new AbortController();
  try {
    const response = await fetch(`${at}&part=node`, { headers: { "HX-Request": "true" }, signal: loading.signal });
    const made = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("node");
    if (!made) { location.href = at; return; }
    document.getElementById("node").replaceWith(made);
    globalThis.htmx?.process(made);
    history.replaceState(history.state, "", at);
  } catch (error) { if (error.name !== "AbortError") location.href = at; }
}

/** The field of the chosen part, as soon as its forms are there. */
async function field(item, id) {
  if (document.getElementById("node").dataset.at !== keyOf(item)) await choose(item, 0);
  const input = document.getElementById(id);
  input?.focus();
  input?.select?.();
}

async function send(fields) {
  // A key that is held down asks again before the answer is there.
  if (busy) return;
  busy = true;
  const response = await fetch(root().dataset.url, {
    method: "POST", body: new URLSearchParams(fields), headers: { "X-CSRFToken": csrf(), "HX-Request": "true" },
  }).catch(() => null);
  const made = response && new DOMParser().parseFromString(await response.text(), "text/html").getElementById("curriculum");
  busy = false;
  if (!made) return location.reload();
  root().replaceWith(made);
  globalThis.htmx?.process(made);
  done = fields.do;
  drawn();
}

/** After the server has drawn everything anew: the same things open, what was done said, the focus where one goes on. */
function drawn() {
  if (!root()) return;
  dress();
  const told = root().querySelector("[data-told]"), text = told.textContent;
  told.textContent = "";
  setTimeout(() => { told.textContent = text; }, 50);
  const alert = root().querySelector("[role=alert]"), at = document.getElementById("node").dataset.at;
  if (alert) alert.focus();
  else if (done === "add-child" || done === "add-unit") document.getElementById(done)?.focus();
  else if (done) itemOf(at)?.focus();
  done = undefined;
}

document.addEventListener("keydown", (event) => {
  const item = event.target.closest?.("[role=treeitem]");
  if (event.key === "Escape" && !item && event.target.closest?.("#node")) itemOf(document.getElementById("node").dataset.at)?.focus();
  if (!item || event.metaKey) return;
  const may = root().hasAttribute("data-may"), list = seen(), at = list.indexOf(item), rtl = document.dir === "rtl";
  const step = { ArrowUp: "up", ArrowDown: "down" }[event.key];
  const key = rtl ? { ArrowLeft: "ArrowRight", ArrowRight: "ArrowLeft" }[event.key] ?? event.key : event.key;
  let go = null;
  if (event.altKey) {
    if (!step || !may) return;
    send({ do: step, node: keyOf(item) });
  } else if (event.key === "Enter" && may) field(item, event.ctrlKey ? (levelOf(item) === "topic" ? "add-after" : "add-child") : event.shiftKey ? "add-after" : "name");
  else if (event.key === "F2" && may) field(item, "name");
  else if (event.key === "Delete" && may) field(item, "delete");
  else if (event.ctrlKey) return;
  else if (step) go = list[at + (step === "up" ? -1 : 1)];
  else if (event.key === "Home") go = list[0];
  else if (event.key === "End") go = list.at(-1);
  else if (key === "ArrowRight") { if (item.getAttribute("aria-expanded") === "false") open(item, true); else go = groupOf(item)?.querySelector("a"); }
  else if (key === "ArrowLeft") { if (item.getAttribute("aria-expanded") === "true") open(item, false); else go = parentOf(item); }
  else if (event.key === "*") for (const one of item.parentElement.parentElement.children) open(one.firstElementChild, true);
  else if (event.key === " " || event.key === "Enter") go = item;
  else if (event.key.length === 1) go = [...list.slice(at + 1), ...list.slice(0, at)].find((one) => one.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()));
  else return;
  event.preventDefault();
  if (go) choose(go);
});

document.addEventListener("click", (event) => {
  const item = event.target.closest?.("[role=treeitem]");
  if (item && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    // The arrow before the name opens and shuts.
    const x = event.clientX - item.getBoundingClientRect().x;
    if (groupOf(item) && event.detail && x < 24) open(item, shut.has(keyOf(item))); else choose(item, 0);
  }
  done = event.target.closest?.("#curriculum button[name=do]")?.value ?? done;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches?.("#curriculum input")) done = event.target.form.querySelector("[name=do]").value;
});
document.addEventListener("htmx:after:swap", () => drawn());

/** Where the dragged part would go: next to a sibling-to-be, or into a part of the level above. */
function placeAt(x, y) {
  const item = document.elementFromPoint(x, y)?.closest?.("[role=treeitem]");
  if (!item || item === dragged) return null;
  const levels = ["unit", "chapter", "topic"], mine = levels.indexOf(levelOf(dragged)), theirs = levels.indexOf(levelOf(item));
  if (theirs === mine - 1) return { item, how: "in" };
  if (theirs !== mine) return null;
  const box = item.getBoundingClientRect();
  return { item, how: y < box.y + box.height / 2 ? "before" : "after" };
}

function mark() {
  for (const node of tree().querySelectorAll(".is-before,.is-after,.is-in")) node.classList.remove("is-before", "is-after", "is-in");
  place?.item.classList.add(`is-${place.how}`);
}

document.addEventListener("pointerdown", (event) => {
  const item = event.target.closest?.("[role=treeitem]");
  // A finger scrolls; it has the buttons beside the tree.
  if (item && !event.button && event.pointerType !== "touch" && root().hasAttribute("data-may")) from = { item, x: event.clientX, y: event.clientY };
});
document.addEventListener("pointermove", (event) => {
  if (!from) return;
  if (!dragged && Math.hypot(event.clientX - from.x, event.clientY - from.y) < 6) return;
  dragged = from.item;
  dragged.classList.add("is-dragged");
  if (event.clientY < 60) scrollBy(0, -14); else if (event.clientY > innerHeight - 60) scrollBy(0, 14);
  place = placeAt(event.clientX, event.clientY);
  mark();
});
function drop(event) {
  const item = dragged, target = event.type === "pointerup" ? place : null;
  dragged?.classList.remove("is-dragged");
  from = dragged = place = undefined;
  if (!item) return;
  mark();
  // The click that ends a drag chooses nothing.
  addEventListener("click", (end) => { end.preventDefault(); end.stopPropagation(); }, { capture: true, once: true });
  setTimeout(() => item.isConnected && item.focus(), 0);
  if (!target) return;
  const fields = { do: "place", node: keyOf(item), seen: parentOf(item) ? keyOf(parentOf(item)) : "" };
  const home = target.how === "in" ? target.item : parentOf(target.item);
  if (home) fields.in = keyOf(home);
  const siblings = [...target.item.parentElement.parentElement.children].map((node) => node.firstElementChild).filter((one) => one !== item);
  const at = siblings.indexOf(target.item), after = target.how === "after" ? target.item : target.how === "before" ? siblings[at - 1] : null;
  if (after) fields.after = keyOf(after); else if (target.how === "before") fields.first = "1";
  send(fields);
}
document.addEventListener("pointerup", drop);
document.addEventListener("pointercancel", drop);

dress();
