// Behaviour every page shares: toasts, dialogs, menus, fresh times, no double submit, show password.
// Listens on the document, so that parts swapped in later need no set-up.
const words = JSON.parse(document.body.dataset.words || "{}");
const fill = (text, value) => text.replace("{}", value);

/* --- Toasts: from the page, from the server's HX-Trigger {"toast": {"text", "level"}}, or a "toast" event sent by another module --- */
const stack = document.getElementById("toasts");

function leave(toast) {
  const wait = toast.matches(".toast--error") ? 12000 : 6000;
  let timer = setTimeout(() => toast.remove(), wait);
  for (const stop of ["pointerenter", "focusin"]) toast.addEventListener(stop, () => clearTimeout(timer));
  for (const go of ["pointerleave", "focusout"]) {
    toast.addEventListener(go, () => { clearTimeout(timer); timer = setTimeout(() => toast.remove(), wait / 2); });
  }
}

function toast(text, level = "info", url = "") {
  const made = document.getElementById("toast-template")?.content.firstElementChild.cloneNode(true);
  if (!made || !stack) return;
  made.classList.add(`toast--${level}`);
  const place = made.querySelector(".grow");
  const link = url && place.appendChild(document.createElement("a"));
  if (link) link.href = url;
  (link || place).textContent = text;
  for (const old of [...stack.children]) if (old.textContent === made.textContent) old.remove();
  stack.append(made);
  leave(made);
}

stack?.querySelectorAll(".toast").forEach(leave);
document.addEventListener("toast", (event) => {
  const { text, level, value, url } = event.detail ?? {};
  if (text || value) toast(text ?? value, level, url);
});
document.addEventListener("htmx:error", () => toast(words.offline, "error"));

/* --- Times: only the words change, the promise itself stays in datetime --- */
function span(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 4320) return fill(words.d, Math.floor(minutes / 1440));
  if (minutes >= 60) return fill(words.h, Math.floor(minutes / 60));
  return minutes ? fill(words.min, minutes) : words.soon;
}

function refresh() {
  for (const time of document.querySelectorAll("time[data-relative]")) {
    const seconds = (Date.parse(time.dateTime) - Date.now()) / 1000;
    if (Number.isNaN(seconds) || !words.left) continue;
    if (time.dataset.relative === "ago") time.textContent = seconds > -60 ? words.now : fill(words.ago, span(-seconds));
    else time.textContent = fill(seconds < 0 ? words.late : words.left, span(Math.abs(seconds)));
  }
}
setInterval(refresh, 30000);
document.addEventListener("visibilitychange", () => document.hidden || refresh());
document.addEventListener("htmx:after:swap", refresh);

/* --- Clicks: dialogs, dismissals, password, menus --- */
const actions = {
  dialog: (el) => document.getElementById(el.dataset.dialog)?.showModal(),
  close: (el) => el.closest("dialog")?.close(el.value || ""),
  dismiss: (el) => el.closest(".toast, [data-dismissable]")?.remove(),
  print: () => window.print(),
  back: () => history.back(),
  reload: () => location.reload(),
  reveal: (el) => {
    const box = document.getElementById(el.dataset.reveal);
    const seen = box.type === "password";
    box.type = seen ? "text" : "password";
    el.setAttribute("aria-pressed", seen);
    const use = el.querySelector("use");
    use.setAttribute("href", use.getAttribute("href").replace(/#.*/, seen ? "#i-eye-off" : "#i-eye"));
  },
};

addEventListener("click", (event) => {
  for (const name of Object.keys(actions)) {
    const el = event.target.closest?.(`[data-${name}]`);
    if (el) { actions[name](el); if (el.tagName === "A") event.preventDefault(); break; }
  }
  if (event.target.tagName === "DIALOG" && event.target.hasAttribute("data-light")) event.target.close();
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("details[data-menu][open]");
  if (menu) { menu.open = false; menu.querySelector("summary").focus(); }
});

/* --- Forms: one press sends once; a select marked data-submit sends its form --- */
addEventListener("submit", (event) => {
  const form = event.target;
  if (form.getAttribute("action")?.endsWith("/logout/")) { // see exam-keeping.js
    globalThis.caches?.delete("abhyas-exam");
    try { localStorage.removeItem("abhyas-rough"); } catch { /* nothing was kept */ }
  }
  if (form.method === "dialog" || form.hasAttribute("data-many")) return;
  if (form.dataset.sent) return event.preventDefault();
  if (form.matches("[hx-get],[hx-post],[hx-put],[hx-patch],[hx-delete]") || event.defaultPrevented) return;
  form.dataset.sent = "1";
  event.submitter?.setAttribute("aria-busy", "true");
});
addEventListener("change", (event) => { if (event.target.matches("[data-submit]")) event.target.form.requestSubmit(); });
// Signing in again in another tab changes the token; the forms of this page learn it when somebody comes back to them.
addEventListener("focus", () => {
  const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
  if (!token) return;
  for (const field of document.getElementsByName("csrfmiddlewaretoken")) field.value = token;
  document.body.setAttribute("hx-headers:inherited", JSON.stringify({ "X-CSRFToken": token }));
});
// Coming back with the Back button shows the page as it was left: let the form be sent again.
addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy=true]")) button.removeAttribute("aria-busy");
});

const unhide = () => { for (const b of document.querySelectorAll("[data-reveal][hidden]")) b.hidden = false; };
document.addEventListener("htmx:after:swap", unhide);
unhide();
