// News while a page is open: one stream for all tabs of a browser (a lock says whose, a channel tells the others). An
// element with data-live="kinds of news" (or *) hears "live" when it should be fetched again (hx-trigger="live").
// A page with data-topic (the room of a course) also hears "room" on its document, and "stream" when that begins or
// ends. Without the stream, pages are as they were when they were loaded.
const KEY = "abhyas_live", HOUR = 3600000, HIDDEN = 60000, LONGEST = 300;
const made = Number(document.body.dataset.made) * 1000; // when the server made this page
const channel = globalThis.BroadcastChannel && new BroadcastChannel(KEY);
const madeAt = (id) => parseInt(id.replaceAll("-", "").slice(0, 12), 16); // the first bits of a UUIDv7
const firstAt = (ms) => `${ms.toString(16).padStart(12, "0").replace(/^(.{8})/, "$1-")}-7000-8000-000000000000`;

// What this page listens to beyond its person's news, and what other tabs do.
const own = [...new Set([...document.querySelectorAll("[data-topic]")].map((part) => part.dataset.topic))];
const topics = new Set(own);

let source, again, release, waiting, timer, tries = 0, over = Boolean(navigator.connection?.saveData);

/** What this browser has heard: ids, the last of them, how many are unread, and since when it listens. */
let memory = {};
function kept() {
  try { memory = JSON.parse(localStorage.getItem(KEY)) ?? memory; } catch { /* a private window: this page alone */ }
  if (!(Date.now() - memory.at < HOUR)) memory = { since: made, seen: [] };
  return memory;
}
function keep(changes) {
  memory = { ...kept(), ...changes, at: Date.now() };
  try { localStorage.setItem(KEY, JSON.stringify(memory)); } catch { /* as above */ }
}

/* --- What a page does with it --- */
const stale = new Set();
let soon;
function refresh(kind) {
  stale.add(kind);
  clearTimeout(soon);
  soon = setTimeout(() => {
    for (const part of document.querySelectorAll("[data-live]")) {
      const kinds = part.dataset.live.split(" ");
      if (stale.has("*") || kinds.some((kind) => kind === "*" || stale.has(kind))) part.dispatchEvent(new Event("live"));
    }
    stale.clear();
  }, 60);
}

/** Shows how many are unread; whether that is new to this page. */
function count(unread) {
  let changed = false;
  for (const badge of document.querySelectorAll("[data-unread]")) {
    const number = badge.querySelector("span:not(.vh)");
    changed ||= number.textContent !== String(unread);
    number.textContent = unread;
    badge.hidden = !unread;
  }
  return changed;
}

function hear({ unread, news, bye, room, up, want, ask }) {
  if (room) { document.dispatchEvent(new CustomEvent("room", { detail: room })); return; }
  if (up !== undefined) { document.dispatchEvent(new CustomEvent("stream", { detail: { up } })); return; }
  if (want) { listenTo(want); return; }
  if (ask) { if (own.length) channel?.postMessage({ want: own }); return; }
  if (bye) { over = true; rest(); return; }
  const changed = count(unread);
  if (news || changed) refresh(news?.kind ?? "unread");
  if (!news || document.hidden || madeAt(news.id) < kept().since) return;
  const detail = { text: news.title, level: "info", url: news.url };
  document.dispatchEvent(new CustomEvent("toast", { detail }));
}

function tell(heard) { channel?.postMessage(heard); hear(heard); }

/* --- The tab that holds the stream --- */
function open() {
  const more = topics.size ? `&topics=${[...topics].slice(-8)}` : "";
  source = new EventSource(`/live/?after=${kept().last ?? firstAt(made)}${more}`);
  source.addEventListener("room", ({ data }) => tell({ room: JSON.parse(data) }));
  source.addEventListener("open", () => { tries = 0; });
  source.addEventListener("news", ({ data }) => {
    const news = JSON.parse(data), { seen } = kept();
    if (seen.includes(news.id)) return;
    keep({ last: news.id, unread: news.unread, seen: [...seen, news.id].slice(-100) });
    tell({ news, unread: news.unread });
  });
  source.addEventListener("unread", ({ data }) => {
    keep({ unread: Number(data) });
    tell({ unread: Number(data) });
  });
  // Signed out, or open in too many places: no more until somebody looks at this tab again.
  source.addEventListener("bye", rest);
  source.addEventListener("error", () => {
    tell({ up: false });
    if (source?.readyState !== EventSource.CLOSED) return; // it comes again by itself
    rest();
    timer = setTimeout(start, Math.min(LONGEST, 5 * 2 ** tries++) * (500 + Math.random() * 1000));
  });
}

/** Another tab wants to hear these too: the stream begins again with them. */
function listenTo(wanted) {
  const missing = wanted.filter((topic) => !topics.has(topic));
  for (const topic of wanted) { topics.delete(topic); topics.add(topic); }
  if (!missing.length || !source) return;
  clearTimeout(again);
  again = setTimeout(() => { if (source) { source.close(); open(); } }, 100);
}

function start() {
  if (over || source || waiting || document.hidden) return;
  if (!navigator.locks) return open(); // without TLS: the tab that is looked at
  waiting = new AbortController();
  navigator.locks.request(KEY, { signal: waiting.signal }, () => new Promise((done) => { release = done; open(); channel?.postMessage({ ask: true }); }))
    .catch(() => { /* no longer wanted */ });
}

function rest() {
  clearTimeout(timer);
  if (source) tell({ up: false });
  waiting?.abort();
  source?.close();
  release?.();
  source = release = waiting = undefined;
}

channel?.addEventListener("message", ({ data }) => hear(data));
document.addEventListener("visibilitychange", () => {
  clearTimeout(timer);
  if (!document.hidden) start();
  else timer = setTimeout(rest, navigator.locks ? HIDDEN : 0);
});
addEventListener("pagehide", rest);
addEventListener("pageshow", (event) => { if (event.persisted) start(); });
addEventListener("submit", ({ target }) => {
  if (!target.getAttribute("action")?.endsWith("/logout/")) return;
  try { localStorage.removeItem(KEY); } catch { /* nothing was kept */ }
  tell({ bye: true });
});

// Another tab heard something while this page was on its way.
const { last, unread } = kept();
if (last && madeAt(last) > made) { count(unread); refresh("*"); }
keep({});
if (own.length) channel?.postMessage({ want: own });
start();
