// A form whose words must not be lost: they are kept on this device while they are written, and let go of when the server
// has them. It is sent in place; without a network it says so and stays as it is. The page chose the id of what is sent,
// so sending again is safe. Two tabs: each keeps its own words on its page, the last written are found again.
const form = document.querySelector("form[data-keeps]");
const SECONDS = 20;

function begin() {
  const key = `abhyas-draft:${form.dataset.keeps}:${location.pathname}`;
  const fields = [...form.querySelectorAll("[data-draft]")];
  const note = form.querySelector("[data-status]"), words = JSON.parse(form.dataset.words);
  const store = { get: () => { try { return JSON.parse(localStorage.getItem(key)) ?? {}; } catch { return {}; } } };
  const values = () => Object.fromEntries(fields.map((field) => [field.name, field.value]));
  const keep = () => { try { localStorage.setItem(key, JSON.stringify(values())); } catch { /* full: the page still has it */ } };
  const forget = (sent) => { if (JSON.stringify(store.get()) === JSON.stringify(sent)) localStorage.removeItem(key); };
  const tell = (text, tone = "problem") => { note.textContent = text; note.className = `note note--${tone}`; note.hidden = !text; };

  for (const field of fields) if (!field.value) field.value = store.get()[field.name] ?? "";
  form.addEventListener("input", (event) => { if (fields.includes(event.target)) keep(); });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button:not([type=button])"), sent = values();
    keep();
    button.disabled = true;
    tell(words.sending, "info");
    try {
      const response = await fetch(form.action, { method: "POST", body: new FormData(form), signal: AbortSignal.timeout(SECONDS * 1000) });
      if (response.redirected && new URL(response.url).pathname.startsWith("/accounts/")) tell(words.signed_out);
      else if (response.ok && response.redirected) { forget(sent); location.assign(response.url); if (new URL(response.url).pathname === location.pathname) location.reload(); return; }
      else tell([422, 429].includes(response.status) ? problem(await response.text()) || words.failed : words.failed);
    } catch { tell(words.offline); }
    button.disabled = false;
  });

  function problem(html) {
    const found = new DOMParser().parseFromString(html, "text/html").querySelectorAll("form[data-keeps] .formerr p, form[data-keeps] .err span");
    return [...found].map((one) => one.textContent.trim()).join(" ");
  }
}
if (form) begin();
