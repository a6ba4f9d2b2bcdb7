// The page on which a student photographs, orders and tags answer sheets and hands them in. A phone that came by a link
// has a part of it: it photographs, and the rest is done on the computer.
import { PageCamera, hasCamera } from "./page-camera.js";
import { CornerEditor } from "./page-corners.js";
import { PhoneLink } from "./phone-link.js";
import { PagePreparer } from "./page-preparer.js";
import { difference } from "./page-quality.js";
import { SheetOutbox } from "./sheet-outbox.js";
import { csrf, signedOut } from "./signed-in.js";

const root = document.getElementById("capture");
const words = JSON.parse(root.dataset.words);
const list = document.getElementById("sheets");
const $ = (selector, from = root) => from.querySelector(selector);
const fill = (text, ...values) => values.reduce((t, v) => t.replace("{}", v), text);
const urlOf = (name, id) => root.dataset[name].replace("00000000-0000-0000-0000-000000000000", id);
const toast = (text, level = "error") => document.dispatchEvent(new CustomEvent("toast", { detail: { text, level } }));
let server = JSON.parse(document.getElementById("state").textContent);
const local = new Map(); // client id → {sheet, preview}
const tags = new Map(); // `${client_id}:${index}` → Set of numbers, what the person chose (kept until handed in)
const absent = new Set(server.not_attempted);
const tagKey = `abhyas-tags-${root.dataset.attempt}`;

try {
  const kept = JSON.parse(localStorage.getItem(tagKey) || "{}");
  for (const [key, numbers] of Object.entries(kept.tags ?? {})) tags.set(key, new Set(numbers));
  for (const number of kept.absent ?? []) absent.add(number);
} catch { /* nothing kept */ }
function keepTags() {
  const plain = Object.fromEntries([...tags].map(([key, set]) => [key, [...set]]));
  try { localStorage.setItem(tagKey, JSON.stringify({ tags: plain, absent: [...absent] })); } catch { /* in memory only */ }
}

const ALIKE = 30; // of 256 bits: two photographs of one page; of two pages of one hand it is about a hundred
const photographs = new Map(); // client id → {original, corners, likeness}, for cutting out anew while the page is open
const preparer = new PagePreparer(root.dataset.worker);
const outbox = new SheetOutbox({
  attempt: root.dataset.attempt,
  preparer,
  announceUrl: root.dataset.announce,
  doneUrl: (id) => urlOf("done", id),
  onChange(sheet) {
    if (sheet.blob) photographs.set(sheet.id, { original: sheet.original, corners: sheet.corners, likeness: sheet.likeness });
    local.set(sheet.id, { sheet, ...previewOf(sheet) });
    if (sheet.state === "verified") refresh();
    if (sheet.state === "sending" && list.querySelector(`[data-client="${sheet.id}"]`)) progress(sheet);
    else draw();
  },
});

/** A picture of what is on this device: of the photograph, then of the page made of it. HEIC and PDF show none. */
function previewOf(sheet) {
  const shown = sheet.blob ?? sheet.original;
  const known = local.get(sheet.id);
  if (known?.shown === shown) return known;
  if (known?.preview) URL.revokeObjectURL(known.preview);
  return { shown, preview: /^image\/(?!hei[cf])/.test(shown.type) ? URL.createObjectURL(shown) : "" };
}

/** The number of an earlier page that looks the same, or 0. */
function twinOf(row, place, all) {
  const mine = photographs.get(row.client)?.likeness;
  if (!mine) return 0;
  return 1 + all.slice(0, place).findIndex((other) => {
    const theirs = photographs.get(other.client)?.likeness;
    return theirs && difference(mine, theirs) < ALIKE;
  });
}

async function call(url, body) {
  const response = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() }, body: JSON.stringify(body) }).catch(() => null);
  if (response && signedOut(response)) return null;
  const answer = await response?.json().catch(() => null);
  if (!response?.ok || !answer) { toast(answer?.detail || words.failed); return null; }
  return answer;
}

/* --- What is shown: server's uploads in order, then what is only on this device --- */
function rows() {
  const made = [];
  for (const upload of server.uploads) {
    if (upload.state === "verified") {
      for (const page of upload.pages) made.push({ client: upload.client_id, index: page.index, page, single: upload.pages.length === 1, order: upload.page_number });
    } else if (upload.state === "refused" && !local.has(upload.client_id)) {
      made.push({ client: upload.client_id, index: 0, refused: upload.refused_message, order: upload.page_number });
    }
  }
  const safe = new Set(server.uploads.filter((u) => u.state === "verified").map((u) => u.client_id));
  for (const [client, { sheet, preview }] of local) {
    if (!safe.has(client)) made.push({ client, index: 0, sheet, preview, order: sheet.pageNumber });
  }
  return made.sort((a, b) => a.order - b.order || a.index - b.index);
}

const keyOf = (row) => `${row.client}:${row.index}`;
function numbersOf(row) {
  if (!tags.has(keyOf(row))) tags.set(keyOf(row), new Set(row.page?.numbers ?? []));
  return tags.get(keyOf(row));
}

function stateText(row) {
  if (row.refused || row.sheet?.state === "refused") return ["problem", row.refused || row.sheet.message];
  if (row.page?.state === "failed") return ["problem", words.page_failed];
  if (row.page) return ["ok", row.page.state === "ready" ? words.verified : words.preparing];
  if (row.sheet.state === "preparing") return ["info", words.looking];
  if (row.sheet.state === "sending") return ["info", fill(words.sending, Math.round((row.sheet.progress ?? 0) * 100))];
  return ["warn", navigator.onLine ? words.queued : words.offline];
}

function progress(sheet) {
  const box = list.querySelector(`[data-client="${sheet.id}"] .sheet__state span`);
  if (box) box.textContent = fill(words.sending, Math.round((sheet.progress ?? 0) * 100));
}

const template = document.getElementById("sheet-template").content.firstElementChild;
function drawRow(row, place, all) {
  const el = template.cloneNode(true);
  const [tone, text] = stateText(row);
  el.dataset.client = row.client;
  el.dataset.index = row.index;
  $(".sheet__no", el).textContent = place + 1;
  const img = $("img", el);
  const src = row.page?.state === "ready" ? row.page.thumb_url : local.get(row.client)?.preview || "";
  if (src) { img.src = src; img.alt = fill(words.page, place + 1); img.onerror = () => img.remove(); } else img.remove();
  $(".sheet__state", el).className = `sheet__state note note--${tone}`;
  $(".sheet__state span", el).textContent = text;
  const twin = twinOf(row, place, all);
  const advice = new Set([...(local.get(row.client)?.sheet.advice ?? []), ...(row.page?.advice ?? [])]);
  const said = [...advice].map((key) => words[key] ?? key);
  for (const text of twin ? [fill(words.twin, twin), ...said] : said) {
    const note = document.createElement("p");
    note.className = "note note--warn";
    note.textContent = text;
    $(".sheet__state", el).after(note);
  }
  const bad = tone === "problem";
  const first = all.findIndex((r) => r.client === row.client) === place;
  const hide = (name, hidden) => { const tool = $(`[data-do=${name}]`, el); if (tool) tool.hidden = hidden; };
  hide("up", place === 0 || !first || bad);
  hide("down", place === all.length - 1 || !first || bad);
  hide("rotate", !row.page || row.page.state !== "ready");
  const came = $("[data-do=original]", el);
  if (came) { came.hidden = !row.page?.plain_url; came.href = row.page?.plain_url || "#"; }
  $("[data-do=crop]", el).hidden = !/^image\//.test(photographs.get(row.client)?.original.type ?? "") || !(row.preview || row.page) || bad;
  $("[data-do=remove]", el).hidden = !first;
  for (const button of el.querySelectorAll("[data-do]")) button.setAttribute("aria-label", `${button.title}, ${fill(words.page, place + 1)}`);
  const chips = $(".sheet__tags", el);
  if (bad) chips?.remove();
  else chips?.append(...server.written.map(({ number }) => chip(number, numbersOf(row).has(number), "tag")));
  return el;
}

const labelOf = (number) => server.written.find((q) => q.number === number).label;
function chip(number, on, kind) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "qchip num";
  button.dataset[kind] = number;
  button.setAttribute("aria-pressed", on);
  button.textContent = labelOf(number);
  return button;
}

const usable = (row) => stateText(row)[0] !== "problem";
function draw() {
  const focus = document.activeElement?.closest("[data-client]");
  const mark = focus && [focus.dataset.client, focus.dataset.index, document.activeElement.dataset.do, document.activeElement.dataset.tag];
  const all = rows();
  list.replaceChildren(...all.map(drawRow));
  document.getElementById("empty").hidden = all.length > 0;
  const unsent = outbox.unsent.length;
  const status = document.getElementById("status");
  const good = all.filter((row) => row.page).length;
  status.className = `note note--${unsent ? "warn" : good ? "ok" : "info"}`;
  status.querySelector("span").textContent = unsent ? fill(words.unsent, unsent, all.filter(usable).length) : good ? fill(good === 1 ? words.one_safe : words.all_safe, good) : words.none;
  const button = document.getElementById("hand-in");
  if (button) drawHandIn(button, all, unsent, good);
  if (mark) {
    const again = list.querySelector(`[data-client="${mark[0]}"][data-index="${mark[1]}"]`);
    (again?.querySelector(mark[2] ? `[data-do=${mark[2]}]:not([hidden])` : `[data-tag="${mark[3]}"]`) ?? again?.querySelector("button"))?.focus();
  }
}

function drawHandIn(button, all, unsent, good) {
  const placed = new Set(all.filter(usable).flatMap((row) => [...numbersOf(row)]));
  const missing = server.written.map((q) => q.number).filter((n) => !placed.has(n));
  for (const n of [...absent]) if (placed.has(n)) absent.delete(n);
  document.getElementById("missing").hidden = missing.length === 0;
  document.getElementById("missing-chips").replaceChildren(...missing.map((n) => chip(n, absent.has(n), "absent")));
  const open = missing.filter((n) => !absent.has(n));
  // Announced by the phone and not here yet; handing in would leave it out. Who does not want it ends the link.
  const coming = link?.live ? server.uploads.filter((u) => u.via_phone && u.state === "intended").length : 0;
  const ready = !unsent && !coming && !open.length && (good || absent.size === server.written.length);
  button.setAttribute("aria-disabled", !ready);
  document.getElementById("why").textContent = unsent ? words.why_unsent : coming ? fill(words.why_coming, coming) : open.length ? fill(words.why_open, open.map(labelOf).join(", ")) : good || ready ? "" : words.none;
}

/* --- Server state --- */
let poll, asked = 0;
/** Until an answer has come and every page is seen there: an answer that is lost leaves nothing to wait for otherwise. */
async function refresh() {
  clearTimeout(poll);
  const mine = ++asked;
  const response = await fetch(root.dataset.status).catch(() => null);
  const out = response && signedOut(response);
  const answer = out || !response?.ok ? null : await response.json().catch(() => null);
  if (mine !== asked) return; // a later question gets the newer answer
  if (answer) {
    server = answer;
    if (!["in_progress", "submitted"].includes(server.state)) return location.reload();
    link?.show(server.phone);
    for (const upload of server.uploads) if (upload.state === "verified" && outbox.sheets.has(upload.client_id)) outbox.drop(upload.client_id);
    draw();
  }
  const waiting = server.uploads.some((u) => u.pages.some((p) => p.state === "waiting"));
  if (!out && (!answer || waiting || (link?.live && !document.hidden))) poll = setTimeout(refresh, !answer ? 4000 : waiting ? 1500 : 2500);
}

/* --- What the person does --- */
async function take(files) {
  navigator.storage?.persist?.();
  let next = Math.max(server.next_number, ...rows().map((row) => row.order + 1));
  for (const file of files) {
    if (file.size > Number(root.dataset.maxBytes)) { toast(fill(words.too_large, file.name)); continue; }
    outbox.add(file, next++).catch(() => toast(words.failed)); // a file the browser may no longer read
  }
}
for (const input of root.querySelectorAll("input[type=file]")) {
  input.addEventListener("change", () => { const files = [...input.files]; input.value = ""; take(files); });
}
root.addEventListener("dragover", (event) => { event.preventDefault(); root.dataset.over = "1"; });
root.addEventListener("dragleave", () => delete root.dataset.over);
root.addEventListener("drop", (event) => { event.preventDefault(); delete root.dataset.over; take([...event.dataTransfer.files]); });
addEventListener("paste", (event) => { const files = [...(event.clipboardData?.files ?? [])]; if (files.length) take(files); });

async function move(client, by) {
  const order = [...new Set(rows().map((row) => row.client))];
  const from = order.indexOf(client), to = from + by;
  if (to < 0 || to >= order.length) return;
  order.splice(to, 0, ...order.splice(from, 1));
  order.forEach((id, i) => { // both sides, so that unsent pages keep their place too
    const upload = server.uploads.find((u) => u.client_id === id);
    if (upload) upload.page_number = i + 1;
    const mine = local.get(id)?.sheet;
    if (mine) mine.pageNumber = i + 1;
  });
  draw();
  const known = new Set(server.uploads.map((u) => u.client_id));
  await call(root.dataset.order, { order: order.filter((id) => known.has(id)) });
}

root.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  const row = button?.closest("[data-client]");
  if (!button) return;
  if (button.dataset.tag) {
    const numbers = tags.get(`${row.dataset.client}:${row.dataset.index}`);
    const n = Number(button.dataset.tag);
    if (!numbers.delete(n)) numbers.add(n);
    keepTags(); draw();
  } else if (button.dataset.absent) {
    const n = Number(button.dataset.absent);
    if (!absent.delete(n)) absent.add(n);
    keepTags(); draw();
    document.querySelector(`[data-absent="${n}"]`)?.focus();
  } else if (button.dataset.do === "up" || button.dataset.do === "down") move(row.dataset.client, button.dataset.do === "up" ? -1 : 1);
  else if (button.dataset.do === "rotate") {
    const page = server.uploads.find((u) => u.client_id === row.dataset.client).pages.find((p) => p.index === Number(row.dataset.index));
    if (await call(urlOf("rotate", page.id), {})) refresh();
  } else if (button.dataset.do === "remove") {
    await takeOut(row.dataset.client);
  } else if (button.dataset.do === "crop") cutAnew(row.dataset.client);
  else if (button.id === "hand-in") handIn(button);
});

/** Takes a page out, here and there. False when the server would not. */
async function takeOut(client) {
  const known = server.uploads.some((u) => u.client_id === client);
  if (known && !(await call(urlOf("remove", client), {}))) return false;
  await outbox.drop(client);
  local.delete(client);
  photographs.delete(client);
  for (const key of [...tags.keys()]) if (key.startsWith(client)) tags.delete(key);
  keepTags();
  await refresh();
  draw();
  return true;
}

/** Another page of the same photograph, in the place of the one before; that goes only when this one is kept. */
async function cutAnew(client) {
  const { original, corners } = photographs.get(client);
  const wanted = await editor.edit(original, corners);
  if (!wanted) return;
  const place = rows().find((row) => row.client === client)?.order ?? 1;
  const numbers = tags.get(`${client}:0`);
  const sheet = await outbox.add(original, place, wanted);
  if (numbers) tags.set(`${sheet.id}:0`, new Set(numbers));
  await takeOut(client);
}

const editor = new CornerEditor({ dialog: document.getElementById("corners"), words: { at: words.corner_at } });
const camera = new PageCamera({
  dialog: document.getElementById("camera"), preparer, words: { taken: words.taken, failed: words.failed }, onShot: (blob) => take([blob]),
});
const opener = document.getElementById("open-camera");
opener.hidden = !hasCamera();
opener.addEventListener("click", async () => { if (!(await camera.open())) toast(words.no_camera); });

const phoneOpener = document.getElementById("open-phone");
const link = phoneOpener && new PhoneLink({
  opener: phoneOpener, dialog: document.getElementById("phone"), urls: { make: root.dataset.phone, end: root.dataset.phoneEnd }, words,
  ask: call, changed: refresh,
});

async function handIn(button) {
  if (button.getAttribute("aria-disabled") === "true") { document.getElementById("why").focus(); return; }
  button.setAttribute("aria-busy", "true");
  const pages = Object.fromEntries(rows().filter((row) => row.page).map((row) => [row.page.id, [...numbersOf(row)]]));
  const done = await call(root.dataset.confirm, { pages, not_attempted: [...absent] });
  button.removeAttribute("aria-busy");
  if (!done) return refresh();
  try { localStorage.removeItem(tagKey); } catch { /* nothing kept */ }
  location.assign(root.dataset.after);
}

addEventListener("beforeunload", (event) => { if (outbox.unsent.length) event.preventDefault(); });
addEventListener("visibilitychange", () => { if (!document.hidden) { refresh(); outbox.flush(); } });
draw();
outbox.restore();
refresh();
