// The course builder: drag modules and lessons by their grip, or Alt+↑ and Alt+↓ where the focus is. The server moves and
// draws the builder anew, and says what moved.
import { csrf } from "./signed-in.js";

const builder = () => document.getElementById("builder");
let dragged, focus, point;

const partOf = (node) => node.closest("[data-part]");
const kindOf = (part) => part.dataset.part.split(" ")[0];

async function send(fields, after) {
  const response = await fetch(builder().dataset.build, {
    method: "POST", body: new URLSearchParams(fields), headers: { "X-CSRFToken": csrf(), "HX-Request": "true" },
  });
  const made = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("builder");
  if (!made) return location.reload();
  builder().replaceWith(made);
  globalThis.htmx?.process(made);
  // What is put into a region that is there already is read out.
  const told = made.querySelector("[data-told]"), text = told.textContent;
  told.textContent = "";
  setTimeout(() => { told.textContent = text; }, 50);
  document.getElementById(after)?.focus();
}

document.addEventListener("keydown", (event) => {
  const act = { ArrowUp: "up", ArrowDown: "down" }[event.key];
  if (!act || !event.altKey || event.ctrlKey || event.metaKey || !builder().contains(event.target)) return;
  const part = partOf(event.target), button = part?.querySelector(`[data-act=${act}]`);
  if (!button) return;
  event.preventDefault();
  if (!button.disabled) send({ do: button.value }, button.id);
});

/** Where the dragged part would go: the part before which, or the list at whose end. */
function placeAt(x, y) {
  const under = document.elementFromPoint(x, y);
  if (!under || !builder().contains(under)) return null;
  if (kindOf(dragged) === "module") {
    const module = under.closest("[data-part^=module]");
    return module && module !== dragged ? { before: module } : null;
  }
  const lesson = under.closest("[data-part^=lesson]");
  if (lesson) return lesson === dragged ? null : { before: lesson };
  const list = under.closest("[data-part^=module]")?.querySelector("[data-lessons]");
  return list ? { end: list } : null;
}

function mark(place) {
  for (const node of builder().querySelectorAll(".is-over")) node.classList.remove("is-over");
  (place?.before ?? place?.end)?.classList.add("is-over");
}

document.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest?.("[data-grip]");
  if (!grip || event.button) return;
  event.preventDefault();
  dragged = partOf(grip);
  dragged.classList.add("is-dragged");
  grip.setPointerCapture(event.pointerId);
});
document.addEventListener("pointermove", (event) => {
  if (!dragged) return;
  point = placeAt(event.clientX, event.clientY);
  mark(point);
});
function drop(event) {
  if (!dragged) return;
  const part = dragged, place = event.type === "pointerup" ? point : null;
  dragged = point = undefined;
  part.classList.remove("is-dragged");
  mark(null);
  if (!place) return;
  const kind = kindOf(part), list = place.end ?? place.before.parentElement;
  const rows = [...list.children].filter((node) => node.dataset.part?.startsWith(kind) && node !== part);
  const to = place.before ? rows.indexOf(place.before) : rows.length;
  const fields = { do: `move ${part.dataset.part}`, to };
  if (kind === "lesson") fields.in = list.dataset.lessons;
  send(fields, `up-${part.dataset.part.split(" ")[1]}`);
}
document.addEventListener("pointerup", drop);
document.addEventListener("pointercancel", drop);

// After a button was pressed the focus goes to the same button of the builder as it is now.
document.addEventListener("click", (event) => { focus = event.target.closest?.("[data-act]")?.id; });
document.addEventListener("htmx:after:swap", () => { if (focus) document.getElementById(focus)?.focus(); focus = undefined; });
