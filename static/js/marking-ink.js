// Draws annotations as SVG on the desk and on the student's result; ink-shapes.js says what they look like.
import { marksText, shapesOf, tallOf, WIDTH } from "./ink-shapes.js";

export { marksText, WIDTH };
const NS = "http://www.w3.org/2000/svg";
// On pages where the ink is decoration there are none, and nobody hears it.
export const words = JSON.parse(document.getElementById("ink-words")?.textContent ?? "{}");

function make(name, attributes, parent) {
  const el = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) el.setAttribute(key, value);
  parent?.append(el);
  return el;
}

const marksLabel = (value) => (Number(value) > 0 && Number(value) <= 1 ? words.one : words.many)?.replace("{}", marksText(value));

/** One annotation as an SVG group. `height` is the drawing's height in its own units. */
export function drawOne(annotation, height, { focusable = false } = {}) {
  const { id, kind, geometry, marks, text, shown } = annotation;
  const label = [words[kind], marks && marksLabel(marks), shown || text].filter(Boolean).join(", ");
  const g = make("g", { "data-id": id, role: "img", "aria-label": label, ...(focusable ? { tabindex: 0 } : {}) });
  for (const [name, attributes, said] of shapesOf(annotation, height)) {
    const el = make(name, attributes, g);
    if (said) el.textContent = said;
  }
  if (focusable && geometry.x != null) make("circle", { cx: geometry.x * WIDTH + 8, cy: geometry.y * height - 4, r: 30, class: "hit" }, g);
  return g;
}

/** Draws all annotations of a page into `svg`, whose viewBox follows the page's proportions. */
export function drawPage(svg, annotations, page, options) {
  const tall = tallOf(page);
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${tall}`);
  svg.replaceChildren(...annotations.map((a) => drawOne(a, tall, options)));
  return tall;
}
