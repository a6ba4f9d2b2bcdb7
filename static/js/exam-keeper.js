// Service worker of /attempts/: when the network fails, the exam page that was kept (see exam-keeping.js) and its files.
// When our server answers, its answer is shown; the end of the exam, or of the session, lets the page go.
const EXAM = "abhyas-exam";
const PAGE = /^\/attempts\/[0-9a-f-]{36}\/$/;
const PATIENCE = 10000; // ms until a network that does not answer counts as none, if there is something to show

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== location.origin) return;
  if (request.mode === "navigate") {
    if (PAGE.test(url.pathname)) event.respondWith(page(event, url.pathname));
  } else if (request.destination) event.respondWith(file(request, url.pathname));
});

async function kept(path) {
  const found = await (await caches.open(EXAM)).match(path, { ignoreVary: true });
  return Number(found?.headers.get("X-Until") ?? Infinity) < Date.now() ? undefined : found;
}

async function file(request, path) {
  const asked = fetch(request);
  try { return await asked; } catch { return (await kept(path)) ?? asked; }
}

async function page(event, path) {
  const asked = fetch(event.request);
  try {
    const response = await Promise.race([asked, new Promise((_, reject) => { setTimeout(reject, PATIENCE); })]);
    if ([502, 503, 504].includes(response.status)) throw new Error("nobody behind the proxy");
    // Only the page itself is a plain answer: the exam is over, or somebody has to sign in.
    if (!response.ok && response.status < 500) event.waitUntil(caches.delete(EXAM));
    return response;
  } catch { return (await kept(path)) ?? asked; }
}
