// The lesson editor: what is typed is kept a moment later and shown as learners will see it; pictures are pasted in.
// Another tab's newer version is never overwritten without asking.
import { csrf, signedOut } from "./signed-in.js";

const form = document.getElementById("lesson-form"), state = form.querySelector("[data-state]");
const shown = document.getElementById("shown"), body = form.elements.body;
const PAUSE = 900, AGAIN = 10000;
let seen = Number(form.elements.seen.value), timer, working, stuck = false, leaving = false;

const data = () => Object.fromEntries([...new FormData(form)].filter(([name, value]) =>
  typeof value === "string" && !["csrfmiddlewaretoken", "seen"].includes(name)));
let sent = JSON.stringify(data());

async function keep() {
  clearTimeout(timer);
  if (working || stuck || leaving) return;
  const now = data(), text = JSON.stringify(now);
  if (text === sent) return;
  working = true;
  state.textContent = state.dataset.sending;
  try {
    const response = await fetch(form.dataset.draft, {
      method: "POST", body: JSON.stringify({ data: now, seen }),
      headers: { "X-CSRFToken": csrf(), "Content-Type": "application/json" },
    });
    if (signedOut(response)) throw new Error("signed out");
    const answer = await response.json();
    if (response.ok) {
      seen = answer.version; sent = text;
      form.elements.seen.value = seen;
      show(answer.shown);
      state.textContent = state.dataset.kept;
    } else if (response.status === 409) {
      stuck = true;
      // The next press of a button is an answer: this text in place of the other.
      form.elements.seen.value = answer.version;
      state.textContent = state.dataset.other;
    } else state.textContent = answer.detail ?? state.dataset.local;
  } catch {
    state.textContent = state.dataset.local;
    timer = setTimeout(keep, AGAIN);
  }
  working = false;
  if (!stuck && JSON.stringify(data()) !== sent && state.textContent === state.dataset.kept) timer = setTimeout(keep, PAUSE);
}

/** Our own server's HTML, cleaned when it was made. */
function show({ html, problem }) {
  if (problem === undefined) { shown.innerHTML = html; return; }
  const said = document.createElement("p");
  said.className = "err";
  said.textContent = problem;
  shown.replaceChildren(said);
}

form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(keep, PAUSE); });
form.addEventListener("submit", () => { leaving = true; });
addEventListener("online", keep);
document.addEventListener("visibilitychange", () => { if (document.hidden) keep(); });
addEventListener("beforeunload", (event) => { if (!leaving && JSON.stringify(data()) !== sent) event.preventDefault(); });

body.addEventListener("paste", async (event) => {
  const file = [...event.clipboardData.files].find((one) => one.type.startsWith("image/"));
  if (!file) return;
  event.preventDefault();
  const fields = new FormData();
  fields.append("picture", file);
  try {
    const response = await fetch(form.dataset.picture, { method: "POST", body: fields, headers: { "X-CSRFToken": csrf() } });
    const answer = await response.json();
    if (!response.ok) { state.textContent = answer.detail; return; }
    body.setRangeText(`![${answer.alt ?? ""}](${answer.address})`, body.selectionStart, body.selectionEnd, "end");
    body.dispatchEvent(new Event("input", { bubbles: true }));
  } catch { state.textContent = state.dataset.local; }
});
