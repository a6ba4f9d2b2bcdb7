// The page on which a student photographs one page again. The picture is looked at here first; it goes when they say so,
// as soon as there is a network, and leaves this device only after the server's receipt.
import { PageCamera, hasCamera } from "./page-camera.js";
import { CornerEditor } from "./page-corners.js";
import { PagePreparer } from "./page-preparer.js";
import { SheetOutbox } from "./sheet-outbox.js";
import { signedOut } from "./signed-in.js";

const root = document.getElementById("again");
const words = JSON.parse(root.dataset.words);
const state = JSON.parse(document.getElementById("state").textContent);
const $ = (selector) => root.querySelector(selector);
const fill = (text, ...values) => values.reduce((t, v) => t.replace("{}", v), text);
const toast = (text, level = "error") => document.dispatchEvent(new CustomEvent("toast", { detail: { text, level } }));
const preparer = new PagePreparer(root.dataset.worker);
let current = null, preview = "", problem = "";

const outbox = new SheetOutbox({
  attempt: root.dataset.request, preparer, announceUrl: root.dataset.announce, holds: true,
  doneUrl: (id) => root.dataset.done.replace("00000000-0000-0000-0000-000000000000", id),
  onChange(sheet) {
    if (!outbox.sheets.has(sheet.id)) return;
    if (sheet.state === "refused") { problem = sheet.message; outbox.drop(sheet.id); current = null; look(); }
    else current = sheet;
    if (sheet.state === "verified") location.reload();
    draw();
  },
});

/** [tone, sentence] of where the picture is. */
function where() {
  if (!current) return problem ? ["problem", problem] : ["info", words.none];
  if (current.state === "preparing") return ["info", words.looking];
  if (current.state === "sending") return ["info", fill(words.sending, Math.round((current.progress ?? 0) * 100))];
  if (!current.released) return ["info", words.held];
  return current.state === "waiting" || !navigator.onLine ? ["warn", words.waits] : ["info", words.sent];
}

function draw() {
  const [tone, text] = where(), note = $("#status"), img = $("#new img");
  note.className = `note note--${tone}`;
  note.querySelector("span").textContent = text;
  $("#new").hidden = !current;
  const shown = current && (current.blob ?? current.original);
  if (shown !== img.shown) {
    if (preview) URL.revokeObjectURL(preview);
    preview = shown && /^image\/(?!hei[cf])/.test(shown.type) ? URL.createObjectURL(shown) : "";
    img.shown = shown;
    img.hidden = !preview;
    if (preview) img.src = preview; else img.removeAttribute("src");
  }
  const held = current?.blob && !current.released;
  $("#send").hidden = !held;
  $("#crop").hidden = !held || !/^image\//.test(current.original.type) || !preview;
  $("#take").hidden = Boolean(current?.released);
  $("#advice").replaceChildren(...(held ? current.advice ?? [] : []).map((key) => {
    const p = document.createElement("p");
    p.className = "note note--warn";
    p.textContent = words[key] ?? key;
    return p;
  }));
}

/** The new one in the place of the one before, which was not sent. */
async function take(files, corners = null) {
  const [file] = files;
  if (!file || current?.released) return;
  if (files.length > 1) toast(words.one_file, "info");
  if (file.size > Number(root.dataset.maxBytes)) return toast(fill(words.too_large, file.name));
  navigator.storage?.persist?.();
  problem = "";
  const before = [...outbox.sheets.keys()];
  const added = outbox.add(file, state.page_number, corners);
  for (const id of before) await outbox.drop(id);
  await added.catch(() => toast(words.failed)); // a file the browser may no longer read
  camera?.dialog.close();
  $("#new").scrollIntoView({ block: "nearest" });
}

async function look() {
  const response = await fetch(root.dataset.status).catch(() => null);
  const answer = response && !signedOut(response) && response.ok ? await response.json().catch(() => null) : null;
  if (!answer || answer.state === "open") return;
  await outbox.forget();
  current = null;
  location.reload();
}

let camera = null;
if (state.state !== "open") outbox.forget();
else {
  camera = new PageCamera({
    dialog: document.getElementById("camera"), preparer, words: { taken: words.taken, failed: words.failed }, onShot: (blob) => take([blob]),
  });
  const editor = new CornerEditor({ dialog: document.getElementById("corners"), words: { at: words.corner_at } });
  const opener = document.getElementById("open-camera");
  opener.hidden = !hasCamera();
  opener.addEventListener("click", async () => { if (!(await camera.open())) toast(words.no_camera); });
  for (const input of root.querySelectorAll("input[type=file]")) {
    input.addEventListener("change", () => { const files = [...input.files]; input.value = ""; take(files); });
  }
  $("#send").addEventListener("click", () => { outbox.release(current); draw(); });
  $("#crop").addEventListener("click", async () => {
    const { original, corners } = current;
    const wanted = await editor.edit(original, corners);
    if (wanted) take([original], wanted);
  });
  addEventListener("beforeunload", (event) => { if (current?.released && current.state !== "verified") event.preventDefault(); });
  addEventListener("visibilitychange", () => { if (!document.hidden) { look(); outbox.flush(); } });
  addEventListener("offline", draw);
  draw();
  outbox.restore();
}
