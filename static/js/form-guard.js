// A form marked data-guard with the person's id: what was typed is kept in this tab when it is sent. Where the session
// had ended meanwhile, the person signs in, comes back to the page, and finds the form as it was; files must be chosen
// again. A page that is reached any other way forgets it.
const KEY = "abhyas-form";
const OURS = new Set(["csrfmiddlewaretoken"]);

addEventListener("submit", ({ target: form, submitter }) => {
  if (!form.dataset?.guard) return;
  const entries = [...new FormData(form, submitter)].filter(([name, value]) => typeof value === "string" && !OURS.has(name));
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ person: form.dataset.guard, page: location.pathname, id: form.id, entries }));
  } catch { /* full: the browser's own Back is left */ }
});

function restore() {
  const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "null");
  sessionStorage.removeItem(KEY);
  const form = kept && document.getElementById(kept.id);
  if (!form || kept.page !== location.pathname || kept.person !== form.dataset.guard) return;
  if (!document.referrer.startsWith(location.origin + form.dataset.signIn)) return;
  for (const field of form.elements) {
    if (!field.name || OURS.has(field.name) || ["file", "submit", "button", "hidden"].includes(field.type)) continue;
    const values = kept.entries.filter(([name]) => name === field.name).map(([, value]) => value);
    if (["checkbox", "radio"].includes(field.type)) field.checked = values.includes(field.value);
    else if (field.options) for (const option of field.options) option.selected = values.includes(option.value);
    else if (values.length) field.value = values[0];
  }
  form.scrollIntoView({ block: "center" });
  document.dispatchEvent(new CustomEvent("toast", { detail: { text: form.dataset.kept, level: "info" } }));
}
restore();
