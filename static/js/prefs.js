// Theme, contrast and font: kept here and in a cookie, so that the server renders the right page at once.
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const more = matchMedia("(prefers-contrast: more)");
const KEYS = ["theme", "contrast", "font"];
const ON = { theme: "dark", contrast: "more", font: "legible" };
const OFF = { theme: "light", contrast: "less", font: "" };

const isOn = (key) => (key === "theme" && !root.dataset.theme ? dark.matches : root.dataset[key] === ON[key]);
const set = (key, value) => (value ? (root.dataset[key] = value) : delete root.dataset[key]);

function show() {
  for (const b of document.querySelectorAll("[data-set]")) b.setAttribute("aria-pressed", isOn(b.dataset.set));
}

function keep() {
  const text = KEYS.filter((k) => root.dataset[k]).map((k) => `${k}=${root.dataset[k]}`).join("|");
  const secure = location.protocol === "https:" ? ";Secure" : "";
  document.cookie = `abhyas_prefs=${text};path=/;max-age=31536000;SameSite=Lax${secure}`;
  try { localStorage.setItem("abhyas_prefs", text); } catch { /* private window: the cookie is enough */ }
}

// The cookie may have been cleared while this browser still remembers.
if (!document.cookie.includes("abhyas_prefs=")) {
  let kept = "";
  try { kept = localStorage.getItem("abhyas_prefs") || ""; } catch { /* nothing kept */ }
  for (const part of kept.split("|")) {
    const [key, value] = part.split("=");
    if (KEYS.includes(key)) set(key, value);
  }
  if (kept) keep();
}

// Whoever asks the whole device for more contrast gets it here, until they say otherwise here.
if (more.matches && !root.dataset.contrast) root.dataset.contrast = "more";

addEventListener("click", (event) => {
  const key = event.target.closest?.("[data-set]")?.dataset.set;
  if (!key) return;
  set(key, isOn(key) ? OFF[key] : ON[key]);
  keep();
  show();
});
dark.addEventListener("change", show);
document.addEventListener("htmx:after:swap", show);
show();
