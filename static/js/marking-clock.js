// The promise's clock, and the claim kept alive while somebody works.
import { $, canMark, data, now, phone, root, words } from "./marking-desk.js";
import { log } from "./marking-work.js";
import { csrf, signedOut } from "./signed-in.js";

const BEAT = 60_000, IDLE = 120_000; // ms
const offset = Date.parse(data.server_now) - Date.now();

export function tick() {
  const due = Date.parse(data.due_at);
  $(".bar .due").toggleAttribute("data-paused", data.paused);
  if (data.paused) { $("#due").textContent = words.paused; return; }
  const left = Math.round((due - Date.now() - offset) / 1000), abs = Math.abs(left);
  const h = Math.floor(abs / 3600), m = Math.floor(abs / 60) % 60, s = abs % 60, two = (n) => String(n).padStart(2, "0");
  $("#due").textContent = `${left < 0 ? "−" : ""}${phone.matches || h > 24 ? `${h} h ${m} m` : `${h}:${two(m)}:${two(s)}`}`;
  $(".due").toggleAttribute("data-late", left < 0);
  $(".sla").style.setProperty("--left", Math.max(0, Math.min(100, (100 * left) / ((due - Date.parse(data.submitted_at)) / 1000))));
}
tick();
setInterval(tick, 1000);

addEventListener("pointermove", () => { now.active = Date.now(); });
setInterval(() => {
  if (!canMark || log.stuck || document.hidden || Date.now() - now.active > IDLE) return;
  fetch(root.dataset.heartbeat, { method: "POST", headers: { "X-CSRFToken": csrf() } }).then(async (r) => {
    if (signedOut(r)) return;
    const problem = await r.json().catch(() => ({}));
    if (problem.schemes > data.schemes) $("#new-scheme").hidden = false;
    if (problem.code && [403, 404, 409].includes(problem.status)) log.strand(problem);
  }).catch(() => {});
}, BEAT);
