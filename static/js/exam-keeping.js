// Keeps the exam page and its files on this device, so that a reload without a network has them. One exam at a time.
const EXAM = "abhyas-exam", DAY = 86400e3;
export const ROUGH = "abhyas-rough"; // what is scribbled beside the questions

/** As the server sent it: called before anything of the page changes. `form` says when it was kept. */
export function pageAsSent(form) {
  form.dataset.kept = Date.now();
  const html = `<!doctype html>${document.documentElement.outerHTML}`;
  delete form.dataset.kept;
  return html;
}

/** @param {{html: string, policy: string | null, until: number, worker: string}} page `policy`: what its scripts may do, as the server says. */
export async function keepPage({ html, policy, until, worker }) {
  if (!navigator.serviceWorker || !("caches" in window)) return;
  if (!(await navigator.serviceWorker.register(worker, { scope: "/attempts/" }))) return;
  const box = await caches.open(EXAM), headers = { "Content-Type": "text/html; charset=utf-8", "X-Until": until + DAY };
  if (policy) headers["Content-Security-Policy"] = policy;
  const later = [...document.querySelectorAll("[data-css]")].map((el) => ({ name: el.dataset.css }));
  const files = [...performance.getEntriesByType("resource"), ...later].map(({ name }) => new URL(name, location)).filter(({ origin, pathname }) => origin === location.origin && /^\/(static|media)\//.test(pathname));
  await Promise.allSettled(files.map(async ({ pathname, href }) => {
    const response = await fetch(href, { cache: "force-cache" });
    if (response.ok) await box.put(pathname, response);
  }));
  await box.put(location.pathname, new Response(html, { headers }));
  const here = new Set([location.pathname, ...files.map(({ pathname }) => pathname)]); // of a page kept before, nothing stays
  await Promise.all((await box.keys()).filter(({ url }) => !here.has(new URL(url).pathname)).map((old) => box.delete(old)));
}

export async function letGo() {
  try { localStorage.removeItem(ROUGH); } catch { /* nothing was kept */ }
  if ("caches" in window) await caches.delete(EXAM);
}
