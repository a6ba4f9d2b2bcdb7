// The chat of a course. What is typed and not sent is kept on this device until the server names it; every message has an
// id of ours, so sending again is safe. What others say comes over the live stream (live.js); by their numbers we know
// what we miss and ask for it. Without a stream we ask now and then.
import { readReply } from "./replies.js";
import { csrf } from "./signed-in.js";

const chat = document.querySelector("[data-room]");
const { room, own, user, zone, url } = chat.dataset, words = JSON.parse(chat.dataset.words);
const list = chat.querySelector("[data-list]"), waiting = chat.querySelector("[data-waiting]");
const status = chat.querySelector("[data-status]"), pattern = chat.querySelector("[data-pattern]").content.firstElementChild;
const form = document.querySelector("[data-say]"), field = form?.elements.source, note = form?.querySelector("[data-note]");
const fresh = document.querySelector("[data-new]");
const fill = (text, value) => text.replace("{}", value);
const lang = document.documentElement.lang || "en";
const shows = (parts) => { try { return new Intl.DateTimeFormat(lang, { ...parts, timeZone: zone }); } catch { return new Intl.DateTimeFormat(lang, parts); } };
const clock = shows({ hour: "numeric", minute: "2-digit", hour12: true }), day = shows({ weekday: "short", day: "numeric", month: "short" });
const POLL = 15000, LONG = 20000;

let seq = Number(chat.dataset.seq), changes = Number(chat.dataset.changes), atEnd = "end" in chat.dataset;
let asking, again, isHeard = false, unseen = 0;

/* --- Showing --- */
const nearEnd = () => innerHeight + scrollY > document.documentElement.scrollHeight - 160;
const toEnd = () => scrollTo({ top: document.documentElement.scrollHeight });
const dayOf = (at) => day.format(new Date(at));

function draw(row, made = pattern.cloneNode(true)) {
  const mine = row.key === own, at = new Date(row.at), part = (name) => made.querySelector(name);
  made.id = `m${row.seq}`;
  Object.assign(made.dataset, { seq: row.seq, key: row.key, at: row.at });
  made.className = `msg ${row.side}${mine ? " own" : ""}${row.hidden ? " is-hidden" : ""}`;
  part(".msg__who").textContent = mine ? words.you : row.who;
  part(".msg__role").textContent = chat.querySelector("[data-roles]").content.querySelector(`[data-role="${row.side}"]`)?.textContent ?? "";
  part(".msg__note").textContent = row.edited && !row.hidden ? words.edited : "";
  part("time").dateTime = row.at;
  part("time").textContent = clock.format(at).toLowerCase();
  part(".msg__more").href = `${url}${row.id}/`;
  part(".msg__more .vh span").textContent = row.who;
  const body = part(".msg__words");
  if (row.hidden) body.replaceChildren(Object.assign(document.createElement("p"), { className: "sub", textContent: words.hidden }));
  else body.innerHTML = row.html; // made safe by the server when it was said
  return made;
}

/** Puts a message where its number belongs; the same again changes nothing. */
function place(row) {
  if (row.thread || document.getElementById(`m${row.seq}`)) return false;
  const made = draw(row);
  let before = list.lastElementChild;
  while (before && !(Number(before.dataset.seq) < row.seq)) before = before.previousElementSibling;
  const above = before?.dataset.at;
  if (before) before.after(made); else list.prepend(made);
  if (!above || dayOf(above) !== dayOf(row.at)) {
    if (made.previousElementSibling?.className !== "chat__day") made.before(line(row.at));
  }
  chat.querySelector("[data-empty]").hidden = true;
  return true;
}
function line(at) {
  const made = document.createElement("li"), time = document.createElement("time");
  made.className = "chat__day";
  time.dateTime = at.slice(0, 10);
  time.textContent = dayOf(at);
  made.append(time);
  return made;
}

let said;
/** Others' messages are told to a screen reader as a number, not more often than every few seconds. */
function tellNew(count) {
  unseen += count;
  fresh.querySelector("span").textContent = unseen === 1 ? words.new_one : fill(words.new, unseen);
  fresh.hidden = !unseen;
  clearTimeout(said);
  said = setTimeout(() => { status.textContent = unseen ? fresh.textContent.trim() : ""; }, 4000);
}
function seen() {
  if (unseen) { unseen = 0; fresh.hidden = true; }
  if (atEnd && !document.hidden) noteRead();
}
addEventListener("scroll", () => { if (nearEnd()) seen(); }, { passive: true });
fresh?.addEventListener("click", (event) => { if (atEnd) { event.preventDefault(); toEnd(); seen(); field?.focus(); } });

let readTo = 0, reading;
function noteRead() {
  if (seq <= readTo) return;
  clearTimeout(reading);
  reading = setTimeout(() => {
    readTo = seq;
    send(chat.dataset.read, { seq }).catch(() => { readTo = 0; });
  }, 1500);
}

/* --- What others say --- */
function take({ messages = [], changed = [] }) {
  const stay = nearEnd();
  let others = 0;
  for (const row of messages) {
    if (row.seq <= seq) continue;
    seq = row.seq;
    if (atEnd ? place(row) : !row.thread) others += row.key !== own;
  }
  for (const row of changed) {
    changes = Math.max(changes, row.change);
    const shown = document.getElementById(`m${row.seq}`);
    if (shown) draw(row, shown);
  }
  if (stay && atEnd && messages.length) { toEnd(); seen(); }
  if (others && (!stay || document.hidden)) tellNew(others);
}

/** Asks for everything after what we have, until there is no more. */
async function catchUp() {
  if (asking) { again = true; return; }
  asking = true;
  try {
    for (let more = true; more || again;) {
      again = false;
      const reply = await readReply(await fetch(`${url}?after=${seq}&changes=${changes}`, { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(LONG) }));
      if (!reply.body) break;
      more = reply.body.more;
      take(reply.body);
    }
  } catch { /* no network: the stream or the clock asks again */ } finally { asking = false; }
}

document.addEventListener("room", ({ detail }) => {
  if (detail.room !== room) return;
  isHeard = !detail.bye;
  if (detail.bye) { tell(words.gone); return; }
  const [fromSeq, fromChanges] = detail.from ?? [];
  const whole = detail.messages && fromSeq <= seq && fromChanges <= changes && !asking;
  if (whole) { take(detail); changes = Math.max(changes, detail.changes); }
  else if (detail.seq > seq || detail.changes > changes) catchUp();
});
document.addEventListener("stream", ({ detail }) => { if (!detail.up) isHeard = false; });
setInterval(() => { if (!document.hidden && !isHeard) catchUp(); }, POLL);
document.addEventListener("visibilitychange", () => { if (!document.hidden) { catchUp(); if (nearEnd()) seen(); } });

/* --- What we say: kept until the server names it --- */
const KEY = `abhyas-room:${user}:${room}`;
let memory = { text: "", queue: [] };
const kept = () => { try { memory = { ...memory, ...JSON.parse(localStorage.getItem(KEY)) }; } catch { /* a private window: this page alone */ } return memory; };
function keep(part) {
  memory = { ...kept(), ...part };
  try {
    if (memory.text || memory.queue.length) localStorage.setItem(KEY, JSON.stringify(memory)); else localStorage.removeItem(KEY);
  } catch { /* as above */ }
}
function tell(text) {
  const stay = nearEnd();
  if (note) { note.textContent = text; note.hidden = !text; }
  if (stay) toEnd(); // the note stands before the last lines
}

function send(address, body) {
  return fetch(address, { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRFToken": csrf() }, signal: AbortSignal.timeout(LONG), keepalive: true });
}

function showWaiting() {
  const { queue } = kept(), stay = nearEnd();
  waiting.replaceChildren(...queue.map((one) => {
    const made = pattern.cloneNode(true);
    made.classList.add("own");
    made.querySelector(".msg__who").textContent = words.you;
    made.querySelector(".msg__note").textContent = one.why ? "" : words.sending;
    made.querySelector(".msg__more").remove();
    const body = made.querySelector(".msg__words"), text = document.createElement("p");
    text.textContent = one.source;
    body.append(text);
    if (one.why) body.append(refused(one));
    return made;
  }));
  waiting.hidden = !queue.length;
  if (stay && atEnd) toEnd();
}
function refused(one) {
  const made = document.createElement("div"), why = document.createElement("p");
  why.className = "sub";
  why.textContent = `${words.refused} ${one.why}`;
  const button = (label, act) => {
    const it = Object.assign(document.createElement("button"), { type: "button", className: "btn btn--quiet btn--sm", textContent: label });
    it.addEventListener("click", act);
    return it;
  };
  const row = Object.assign(document.createElement("div"), { className: "row" });
  row.append(
    button(words.again, () => { update(one.client_id, { why: "" }); sendAll(); }),
    button(words.drop, () => { keep({ queue: kept().queue.filter((other) => other.client_id !== one.client_id) }); showWaiting(); field?.focus(); }),
  );
  made.append(why, row);
  return made;
}
function update(id, part) {
  keep({ queue: kept().queue.map((one) => (one.client_id === id ? { ...one, ...part } : one)) });
  showWaiting();
}

let sending, pause = 0, timer;
const later = (seconds) => { clearTimeout(timer); timer = setTimeout(sendAll, seconds * 1000); };
/** Sends what waits, in its order; what the server refuses stays with the sentence why. */
async function sendAll() {
  if (sending) return;
  sending = true;
  clearTimeout(timer);
  try {
    for (let one; (one = kept().queue.find((each) => !each.why));) {
      const response = await send(url, { client_id: one.client_id, source: one.source });
      const { body, problem } = await readReply(response);
      if (body) {
        pause = 0;
        tell("");
        keep({ queue: kept().queue.filter((each) => each.client_id !== one.client_id) });
        showWaiting();
        if (atEnd) { if (body.message.seq === seq + 1) seq = body.message.seq; place(body.message); toEnd(); } else location.assign(location.pathname);
      } else if (problem?.status === 429) {
        tell(`${problem.detail} ${fill(words.wait, problem.retry_after)}`);
        return later(problem.retry_after + 0.5);
      } else if (problem) update(one.client_id, { why: problem.detail });
      else if (response.redirected || response.status === 401) { tell(words.signed_out); return later(30); }
      else throw new Error("no answer of ours");
    }
  } catch {
    tell(words.kept);
    pause = Math.min(60, (pause || 2) * 2);
    later(pause);
  } finally { sending = false; }
}

function begin() {
  field.value ||= kept().text;
  const grow = () => { field.style.height = "auto"; field.style.height = `${field.scrollHeight}px`; };
  if (!CSS.supports("field-sizing", "content")) field.addEventListener("input", grow);
  field.addEventListener("input", () => keep({ text: field.value }));
  field.addEventListener("keydown", (event) => {
    // Enter sends where there is a keyboard; on a phone it begins a line, and the button sends.
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || matchMedia("(pointer:coarse)").matches) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const source = field.value.trim();
    if (!source) return;
    keep({ text: "", queue: [...kept().queue, { client_id: crypto.randomUUID?.() ?? uuid(), source }] });
    field.value = "";
    field.dispatchEvent(new Event("input"));
    showWaiting();
    toEnd();
    sendAll();
  });
  addEventListener("online", sendAll);
  showWaiting();
  sendAll();
}
function uuid() { // without TLS there is no randomUUID
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 15) | 64;
  bytes[8] = (bytes[8] & 63) | 128;
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("").replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/* --- Older ones --- */
const older = chat.querySelector("[data-older]");
older.addEventListener("click", async (event) => {
  event.preventDefault();
  const first = list.querySelector("[data-seq]"), top = first?.getBoundingClientRect().top ?? 0;
  try {
    const { body } = await readReply(await fetch(`${url}?before=${first.dataset.seq}`, { signal: AbortSignal.timeout(LONG) }));
    if (!body) throw new Error("no answer of ours");
    for (const row of body.messages.reverse()) place(row);
    const separator = list.querySelector(".chat__day + .chat__day");
    separator?.remove();
    older.parentElement.hidden = !body.older;
    scrollBy(0, first.getBoundingClientRect().top - top);
    if (!body.older) list.querySelector("a")?.focus({ preventScroll: true });
  } catch { location.assign(older.href); }
});

if (form) begin();
if (!location.hash) {
  const unread = document.getElementById("unread");
  if (unread) unread.scrollIntoView({ block: "start" });
  else if (atEnd) toEnd();
}
if (nearEnd()) seen();
catchUp();
