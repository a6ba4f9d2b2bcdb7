// Pointer and keyboard on the page: stamps, lines, boxes, the eraser, moving what is drawn, and two fingers.
import { $$, canMark, now } from "./marking-desk.js";
import { drawInk, pageBox, place, stage, svg, view, zoomTo } from "./marking-pages.js";
import { addInk, changeInk, ink, removeInk } from "./marking-work.js";

const PALM = 2500; // ms after the pen in which a hand on the glass draws nothing
const CLICK = 0.012; // of the page: less is a click
const STAMPS = new Set(["tick", "half", "cross"]);
const LINES = { pen: "pen", hl: "highlight", line: "underline" };
const BOXES = new Set(["circle", "c"]);
const NEAR = [[0, 0], [7, 0], [-7, 0], [0, 7], [0, -7]]; // px around the eraser
const MOST_POINTS = 2000;
const touches = new Map(); // fingers on the page
let penAt = -PALM, start = null, grabbed = null, pinch = null;
export const hooks = { comment() {} };

const clamp = (v) => Math.round(Math.max(0, Math.min(1, v)) * 1e5) / 1e5;
const geometryAt = ([x, y]) => ({ x: clamp(x), y: clamp(y) });
export const boxOf = ([ax, ay], [bx, by]) => ({ ...geometryAt([Math.min(ax, bx), Math.min(ay, by)]), w: clamp(Math.abs(ax - bx)), h: clamp(Math.abs(ay - by)) });
const isClick = ([ax, ay], [bx, by]) => Math.abs(ax - bx) < CLICK && Math.abs(ay - by) < CLICK;

/** A stroke that is never cut short: what is too close is left out, then every second point until it fits. */
function thinned(points) {
  let made = points.filter(([x, y], i) => !i || i === points.length - 1 || Math.hypot(x - points[i - 1][0], y - points[i - 1][1]) > 3e-4);
  while (made.length > MOST_POINTS) made = made.filter((_p, i) => i % 2 === 0 || i === made.length - 1);
  return made.map(([x, y, p]) => [clamp(x), clamp(y), p == null ? null : clamp(p)]);
}
const straight = ([a, b]) => (Math.abs(a[1] - b[1]) < 0.015 ? [a, [b[0], a[1], null]] : [a, b]);

export function setTool(name) {
  now.tool = name;
  svg.dataset.tool = name;
  for (const b of $$("button[data-tool]")) b.setAttribute("aria-pressed", b.dataset.tool === name);
}

/** What a tool makes at a place, without dragging: by a click, or by the keyboard. */
export function useTool(spot) {
  const { tool } = now;
  if (STAMPS.has(tool)) addInk(tool, geometryAt(spot));
  else if (tool === "circle") addInk("circle", boxOf([spot[0] - 0.05, spot[1] - 0.025], [spot[0] + 0.05, spot[1] + 0.025]));
  else if (tool === "line") addInk("underline", { points: thinned([[spot[0] - 0.08, spot[1], null], [spot[0] + 0.08, spot[1], null]]) });
  else if (tool === "hl") addInk("highlight", { points: thinned([[spot[0] - 0.08, spot[1], null], [spot[0] + 0.08, spot[1], null]]) });
  else if (tool === "c") hooks.comment(spot);
}

/* --- Two fingers zoom and move; one, while the pen is in use, moves --- */
function spread() {
  const [a, b = a] = [...touches.values()];
  return { x: (a.clientX + b.clientX) / 2, y: (a.clientY + b.clientY) / 2, far: Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY) };
}
function beginPinch() {
  drop();
  pinch = { ...spread(), width: pageBox.offsetWidth, two: touches.size > 1 };
}
function movePinch() {
  const to = spread();
  if (pinch.two && pinch.far) zoomTo((pinch.width * to.far) / pinch.far, to.x, to.y);
  stage.scrollLeft -= to.x - pinch.x;
  stage.scrollTop -= to.y - pinch.y;
  Object.assign(pinch, { x: to.x, y: to.y });
}

/** What was begun is dropped. */
function drop() {
  start = grabbed = view.draft = null;
  view.hidden.clear();
  drawInk();
}

function eraseAt(event) {
  for (const [dx, dy] of NEAR) {
    const id = document.elementFromPoint(event.clientX + dx, event.clientY + dy)?.closest("#ink [data-id]")?.dataset.id;
    if (id && ink.has(id) && !view.hidden.has(id)) { view.hidden.add(id); drawInk(); }
  }
}

svg.addEventListener("pointerdown", (event) => {
  if (event.pointerType === "pen") penAt = performance.now();
  if (event.pointerType === "touch" && canMark && now.tool !== "v") {
    touches.set(event.pointerId, event);
    if (touches.size > 1 || performance.now() - penAt < PALM) { svg.setPointerCapture(event.pointerId); return beginPinch(); }
  }
  if (!canMark || event.button || now.tool === "ask" || pinch) return;
  const p = place(event), hit = ink.get(event.target.closest("[data-id]")?.dataset.id), { tool } = now;
  now.spot = p;
  if (tool === "v") {
    select(hit);
    if (!hit || event.pointerType === "touch") return;
    grabbed = { item: hit, from: p };
  } else if (tool === "e") { start = p; eraseAt(event); } else if (LINES[tool]) { start = p; view.draft = { id: "draft", kind: LINES[tool], geometry: { points: [p] }, text: "", marks: "" }; } else if (BOXES.has(tool)) { start = p; event.preventDefault(); } else if (STAMPS.has(tool)) { useTool(p); return; } else return;
  svg.setPointerCapture(event.pointerId);
});

svg.addEventListener("pointermove", (event) => {
  if (event.pointerType === "pen") penAt = performance.now();
  if (touches.has(event.pointerId)) touches.set(event.pointerId, event);
  if (pinch) { if (touches.has(event.pointerId)) movePinch(); return; }
  const p = place(event), { tool } = now;
  now.spot = p;
  if (start && tool === "e") { for (const e of event.getCoalescedEvents?.() ?? [event]) eraseAt(e); return; }
  if (start && BOXES.has(tool) && !isClick(start, p)) view.draft = { id: "draft", kind: tool === "c" ? "comment" : "circle", geometry: boxOf(start, p), text: "", marks: "" };
  else if (start && tool === "line") view.draft.geometry.points = straight([start, p]);
  else if (start && view.draft) for (const e of event.getCoalescedEvents?.() ?? [event]) view.draft.geometry.points.push(place(e));
  else if (grabbed && event.buttons) { view.hidden.add(grabbed.item.id); view.draft = moved(grabbed.item, p[0] - grabbed.from[0], p[1] - grabbed.from[1]); } else return;
  drawInk();
});

/** Under another id, so that it is drawn while the old one is hidden. */
const moved = (item, dx, dy) => ({ ...item, id: "draft", geometry: shifted(item.geometry, dx, dy) });
function shifted(geometry, dx, dy) {
  if (geometry.points) return { points: geometry.points.map(([x, y, ...p]) => [clamp(x + dx), clamp(y + dy), ...p]) };
  return { ...geometry, x: clamp(geometry.x + dx), y: clamp(geometry.y + dy) };
}

function end(event) {
  touches.delete(event.pointerId);
  if (pinch) { if (!touches.size) pinch = null; else Object.assign(pinch, spread(), { width: pageBox.offsetWidth, two: touches.size > 1 }); return; }
  if (!start && !grabbed) return;
  const p = place(event), { draft } = view, erased = [...view.hidden].map((id) => ink.get(id)), from = start, held = grabbed, { tool } = now;
  start = grabbed = view.draft = null;
  view.hidden.clear();
  if (tool === "e") { if (erased.length) removeInk(erased); else drawInk(); } else if (held) {
    if (draft) changeInk([held.item], () => ({ geometry: draft.geometry })); else drawInk();
  } else if (BOXES.has(tool)) {
    if (isClick(from, p)) useTool(from); else if (tool === "c") hooks.comment(boxOf(from, p)); else addInk("circle", boxOf(from, p));
  } else if (draft) addInk(draft.kind, { points: thinned(draft.geometry.points) });
}
svg.addEventListener("pointerup", end);
// The system took the pointer away (a scroll, a call).
svg.addEventListener("pointercancel", (event) => { touches.delete(event.pointerId); if (!touches.size) pinch = null; drop(); });
svg.addEventListener("pointerleave", (event) => { if (!event.buttons) now.spot = null; });

/* --- What is selected moves by arrows and goes by Delete --- */
function select(item) {
  if (item) svg.querySelector(`[data-id="${item.id}"]`)?.focus({ preventScroll: true });
}
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

svg.addEventListener("keydown", (event) => {
  const item = ink.get(event.target.closest?.("[data-id]")?.dataset.id), way = ARROWS[event.key];
  if (!item || !canMark) return;
  const step = event.shiftKey ? 0.03 : 0.004;
  if (event.key === "Delete" || event.key === "Backspace") removeInk([item]);
  else if (way) changeInk([item], (one) => ({ geometry: shifted(one.geometry, way[0] * step, way[1] * step) }));
  else return;
  event.preventDefault();
  event.stopPropagation();
});

/* --- A pointer for the keyboard --- */
const cross = document.createElement("i");
cross.className = "crosshair";
cross.hidden = true;
pageBox.append(cross);
export const hasCrosshair = () => !cross.hidden;

/** Shows or hides it: arrows move it, Enter uses the tool there, digits give steps there. */
export function toggleCrosshair(at) {
  cross.hidden = !cross.hidden;
  if (cross.hidden) { now.spot = null; return; }
  moveCrosshair(at);
}
function moveCrosshair([x, y]) {
  now.spot = [Math.max(0, Math.min(1, x)), Math.max(0, Math.min(1, y)), null];
  cross.style.insetInlineStart = `${now.spot[0] * 100}%`;
  cross.style.top = `${now.spot[1] * 100}%`;
  cross.scrollIntoView({ block: "nearest", inline: "nearest" });
}
/** Whether the key was the crosshair's. */
export function crosshairKey(event) {
  const way = ARROWS[event.key];
  if (cross.hidden || event.target.closest("#ink [data-id]")) return false;
  const spot = [parseFloat(cross.style.insetInlineStart) / 100, parseFloat(cross.style.top) / 100, null];
  if (way) { const step = event.shiftKey ? 0.05 : 0.01; moveCrosshair([spot[0] + way[0] * step, spot[1] + way[1] * step]); } else if (event.key === "Enter") { now.spot = spot; useTool(spot); } else if (event.key === "Escape") toggleCrosshair();
  else { now.spot = spot; return false; }
  return true;
}
