// The pages: which is in view, how large and how turned, and their red ink.
import { $, $$, canMark, data, fill, now, pageOf, pages, phone, root, words } from "./marking-desk.js";
import { drawPage, WIDTH } from "./marking-ink.js";
import { signedOut } from "./signed-in.js";
import { ink, inkOf } from "./marking-work.js";

export const svg = $("#ink"), stage = $(".stage"), pageBox = $("#page");
export const view = { tall: 1414, zoom: null, draft: null, hidden: new Set(), onOpen() {}, beside: () => false };
const TURNS = `abhyas-desk-turns-${data.id}`;
const SMALLEST = 300, LARGEST = 3200;
let turns = {};
try { turns = JSON.parse(localStorage.getItem(TURNS)) ?? {}; } catch { /* nothing kept */ }

export function openPage(p) {
  const isOther = now.page !== p;
  now.page = p;
  now.spot = null;
  const img = $("#scan");
  pageBox.hidden = !p;
  if (!p) return;
  img.hidden = p.state !== "ready";
  $("#page-waits").hidden = p.state === "ready";
  if (p.state === "gone") $("#page-waits").textContent = words.page_gone;
  if (p.state === "ready") { img.width = p.width; img.height = p.height; img.src = p.url; img.alt = fill(words.page_alt, p.number, pages.length); }
  $("[data-act=came]").hidden = !p.plain;
  pageBox.style.aspectRatio = p.width ? `${p.width}/${p.height}` : "1000/1414";
  drawInk();
  for (const button of $$("[data-page]")) {
    button.setAttribute("aria-current", button.dataset.page === p.id);
    if (isOther && button.dataset.page === p.id) button.scrollIntoView?.({ block: "nearest" });
  }
  const at = pages.indexOf(p);
  for (const place of $$(".page-at")) place.textContent = `${at + 1}/${pages.length}`;
  for (const [act, none] of [["earlier", at === 0], ["later", at === pages.length - 1]]) for (const button of $$(`[data-act=${act}]`)) button.setAttribute("aria-disabled", none);
  fit();
  view.onOpen(p);
  stage.scrollTop = 0;
}
export function turnPage(by) {
  const at = pages.indexOf(now.page) + by;
  if (pages[at]) openPage(pages[at]);
}

export function drawInk() {
  const shown = inkOf(now.page).filter((a) => !view.hidden.has(a.id)), focused = document.activeElement?.closest?.("#ink [data-id]")?.dataset.id;
  if (view.draft) shown.push(view.draft);
  view.tall = drawPage(svg, shown, { width: now.page?.width, height: now.page?.height }, { focusable: canMark });
  if (focused) svg.querySelector(`[data-id="${focused}"]`)?.focus({ preventScroll: true });
  for (const thumb of $$("[data-page]")) thumb.dataset.ticks = [...ink.values()].filter((a) => a.page === thumb.dataset.page && !a.deleted).length;
}

/** Where the pointer is, in 0–1 of the page. The ink is turned with the page, so it is read in the drawing's own units. */
export function place(event) {
  const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  return [p.x / WIDTH, p.y / view.tall, event.pointerType === "pen" ? event.pressure : null];
}

/** The middle of what can be seen of the page, for what is done without a pointer. */
export function middle() {
  const s = stage.getBoundingClientRect(), p = pageBox.getBoundingClientRect();
  return place({
    clientX: (Math.max(s.left, p.left) + Math.min(s.right, p.right)) / 2,
    clientY: (Math.max(s.top, p.top) + Math.min(s.bottom, p.bottom)) / 2,
  });
}

/* --- Zoom and turn --- */
export function fit() {
  const d = $(".desk").getBoundingClientRect(), turn = turns[now.page?.id] ?? 0, beside = view.beside();
  const room = beside && !phone.matches ? d.width / 2 : d.width;
  const width = view.zoom ?? (phone.matches ? d.width : Math.min(room - (room < d.width ? 70 : 112), Math.max(640, d.height * 0.9)));
  stage.style.setProperty("--w", Math.round(width));
  pageBox.dataset.turn = turn;
  // On its side it takes other room than the browser thinks.
  const spare = turn % 180 ? (width * (now.page?.width ? now.page.height / now.page.width : 1.414) - width) / 2 : 0;
  pageBox.style.margin = spare ? `${-spare}px ${spare}px` : "";
  $("#zoom").textContent = view.zoom ? `${Math.round(view.zoom / 7.6)}%` : words.fit;
}

/** Zooms to a width and keeps what is under (x, y) of the window there. */
export function zoomTo(width, x, y) {
  const before = pageBox.getBoundingClientRect(), u = (x - before.left) / before.width, v = (y - before.top) / before.height;
  view.zoom = Math.max(SMALLEST, Math.min(LARGEST, width));
  fit();
  const after = pageBox.getBoundingClientRect();
  stage.scrollLeft += after.left + u * after.width - x;
  stage.scrollTop += after.top + v * after.height - y;
}
export function zoomBy(by) {
  if (!by) { view.zoom = null; return fit(); }
  const s = stage.getBoundingClientRect();
  zoomTo((view.zoom ?? pageBox.offsetWidth) * by, s.left + s.width / 2, s.top + s.height / 2);
}
export function turn() {
  if (!now.page) return;
  turns[now.page.id] = ((turns[now.page.id] ?? 0) + 90) % 360;
  try { localStorage.setItem(TURNS, JSON.stringify(turns)); } catch { /* for this visit then */ }
  fit();
}
stage.addEventListener("wheel", (event) => {
  if (!event.ctrlKey && !event.metaKey) return;
  event.preventDefault();
  zoomTo((view.zoom ?? pageBox.offsetWidth) * Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
}, { passive: false });
addEventListener("resize", fit);

/* --- Pages still being prepared appear by themselves --- */
async function refreshPages() {
  const response = await fetch(root.dataset.state).catch(() => null);
  const fresh = response && !signedOut(response) && response.ok ? (await response.json()).pages : [];
  for (const p of fresh) Object.assign(pageOf(p.id) ?? {}, { state: p.state, url: p.url, thumb: p.thumb, plain: p.plain, width: p.width, height: p.height });
  for (const p of fresh) { const img = $(`[data-page="${p.id}"] img`); if (img && p.state === "ready" && img.getAttribute("src") !== p.thumb) img.src = p.thumb; }
  if (now.page && fresh.length) openPage(now.page);
  if (pages.some((p) => p.state === "waiting")) setTimeout(refreshPages, 3000);
}
if (pages.some((p) => p.state === "waiting")) setTimeout(refreshPages, 2000);
