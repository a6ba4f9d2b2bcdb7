// A lesson while it is open: time in view, where the video stands, notes that save themselves, and progress that other
// tabs of this browser show at once (a tab that is looked at again asks the server, so other devices follow).
import { csrf, signedOut } from "./signed-in.js";

const player = document.querySelector("[data-lesson]");
const channel = globalThis.BroadcastChannel && new BroadcastChannel("abhyas_course");
const BEAT = 15000, PAUSE = 900;

/* --- Progress in other tabs --- */
function refresh() {
  for (const part of document.querySelectorAll("[data-live~=course_progress]")) part.dispatchEvent(new Event("live"));
}
channel?.addEventListener("message", refresh);
let hiddenAt = 0;
document.addEventListener("visibilitychange", () => {
  if (document.hidden) hiddenAt = Date.now();
  else if (Date.now() - hiddenAt > BEAT) refresh();
});
document.querySelector("[data-done]")?.addEventListener("submit", () => channel?.postMessage("done"));

async function post(address, body) {
  const response = await fetch(address, {
    method: "POST", keepalive: true, body: JSON.stringify(body),
    headers: { "X-CSRFToken": csrf(), "Content-Type": "application/json" },
  });
  if (signedOut(response)) throw new Error("signed out");
  return { ok: response.ok, status: response.status, answer: await response.json().catch(() => ({})) };
}

/* --- Time in view, and the video --- */
if (player) {
  const video = player.querySelector("video");
  let seconds = Number(player.dataset.seconds), since = document.hidden ? 0 : Date.now(), told = -1;
  const pass = () => {
    if (since) seconds += (Date.now() - since) / 1000;
    since = document.hidden ? 0 : Date.now();
  };
  const tell = async () => {
    pass();
    const at = video ? Math.floor(video.currentTime) : undefined, mark = Math.floor(seconds) * 1e5 + (at ?? 0);
    if (mark === told) return;
    told = mark;
    try {
      const { answer } = await post(player.dataset.time, { seconds: Math.floor(seconds), video_at: at });
      if (answer.done && !player.dataset.told) { player.dataset.told = "1"; channel?.postMessage("done"); }
    } catch { told = -1; }
  };
  setInterval(() => { if (!document.hidden) tell(); }, BEAT);
  document.addEventListener("visibilitychange", tell);
  addEventListener("pagehide", tell);
  if (video) {
    const at = Number(video.dataset.at);
    video.addEventListener("loadedmetadata", () => { if (at > 2 && at < video.duration - 3) video.currentTime = at; });
    video.addEventListener("pause", tell);
  }
}

/* --- Notes --- */
const note = document.querySelector("[data-note]");
if (note) {
  const state = document.querySelector("[data-note-state]"), key = `abhyas-note-${note.dataset.person}-${note.dataset.note}`;
  let seen = Number(note.dataset.seen), timer, stuck = false, working = false, sent = note.value;
  const here = localStorage.getItem(key);
  if (here !== null && here !== note.value) note.value = here;
  const save = async () => {
    if (working || stuck || note.value === sent) return;
    working = true;
    const text = note.value;
    try {
      const { ok, status, answer } = await post(note.dataset.note, { text, seen });
      if (ok) {
        seen = answer.version; sent = text;
        if (note.value === text) { localStorage.removeItem(key); state.textContent = state.dataset.kept; }
      } else { stuck = status === 409; state.textContent = stuck ? state.dataset.other : answer.detail ?? state.dataset.local; }
    } catch { state.textContent = state.dataset.local; timer = setTimeout(save, BEAT); }
    working = false;
    if (!stuck && note.value !== sent && note.value !== text) timer = setTimeout(save, PAUSE);
  };
  const later = () => {
    try { localStorage.setItem(key, note.value); } catch { /* the page itself still has it */ }
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  };
  note.addEventListener("input", later);
  addEventListener("online", save);
  document.addEventListener("visibilitychange", () => { if (document.hidden) save(); });
  if (note.value !== sent) later();
}
