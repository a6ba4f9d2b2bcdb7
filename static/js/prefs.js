// Theme, contrast, font, print and single keys: kept here and in a cookie, so that the server renders the right page at once.
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const more = matchMedia("(prefers-contrast: more)");
const ON = { theme: "dark", contrast: "more", font: "legible", print: "large", keys: "off" };
const OFF = { theme: "light", contrast: "less", font: "plain", print: "normal", keys: "on" };
// Only what was chosen here is kept: an exam may be shown larger because it was granted so.
const chosen = {};

// A button switches data-set on and off; data-value names the one of several values that it stands for.
const meant = (b) => b.dataset.value || ON[b.dataset.set];
const isOn = (b) => (b.dataset.set === "theme" && !root.dataset.theme ? dark.matches : root.dataset[b.dataset.set] === meant(b));

function read(text) {
  for (const part of text.split("|")) {
    const [key, value] = part.split("=");
    if (key in ON && value) chosen[key] = value;
  }
}

function show() {
  for (const b of document.querySelectorAll("[data-set]")) b.setAttribute("aria-pressed", isOn(b));
}

function keep() {
  const text = Object.entries(chosen).map(([key, value]) => `${key}=${value}`).join("|");
  const secure = location.protocol === "https:" ? ";Secure" : "";
  document.cookie = `abhyas_prefs=${text};path=/;max-age=31536000;SameSite=Lax${secure}`;
  try { localStorage.setItem("abhyas_prefs", text); } catch { /* private window: the cookie is enough */ }
}

const cookie = document.cookie.match(/(?:^|; )abhyas_prefs=([^;]*)/);
if (cookie) read(cookie[1]);
else {
  // The cookie may have been cleared while this browser still remembers.
  try { read(localStorage.getItem("abhyas_prefs") || ""); } catch { /* nothing kept */ }
  Object.assign(root.dataset, chosen);
  if (Object.keys(chosen).length) keep();
}

// Whoever asks the whole device for more contrast gets it here, until they say otherwise here.
if (more.matches && !root.dataset.contrast) root.dataset.contrast = "more";

// Who speaks to the device or touches keys by chance switches shortcuts of one key off (WCAG 2.1.4). Space still presses.
addEventListener("keydown", (event) => {
  const single = event.key.length === 1 && event.key !== " " && !(event.ctrlKey || event.metaKey || event.altKey);
  const typing = event.target.closest?.("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");
  if (root.dataset.keys === "off" && single && !typing) event.stopImmediatePropagation();
}, { capture: true });

addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-set]");
  if (!button) return;
  const key = button.dataset.set;
  chosen[key] = root.dataset[key] = isOn(button) ? OFF[key] : meant(button);
  keep();
  show();
});
dark.addEventListener("change", show);
document.addEventListener("htmx:after:swap", show);
show();
