// Draws annotations: vectors in 0–1 of the page, the same JSON on the desk, on the student's result and in print.
import { getStroke } from "../vendor/perfect-freehand/perfect-freehand.js";

const NS = "http://www.w3.org/2000/svg";
export const WIDTH = 1000; // the drawing's own units; its height follows the page
const RED = "#C4183C";
// On pages where the ink is decoration there are none, and nobody hears it.
const words = JSON.parse(document.getElementById("ink-words")?.textContent ?? "{}");

function make(name, attributes, parent) {
  const el = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) el.setAttribute(key, value);
  parent?.append(el);
  return el;
}

/** "0.5" → "½", "1.5" → "1½". */
export function marksText(value) {
  const number = Number(value), whole = Math.floor(number);
  return number % 1 ? `${whole || ""}½` : String(whole);
}

const marksLabel = (value) => (Number(value) > 0 && Number(value) <= 1 ? words.one : words.many)?.replace("{}", marksText(value));

function stroke(points, height, size) {
  const outline = getStroke(points.map(([x, y, p]) => [x * WIDTH, y * height, p ?? 0.5]), {
    size, thinning: 0.55, smoothing: 0.6, streamline: 0.45, simulatePressure: points[0]?.[2] == null,
  });
  let d = "";
  outline.forEach(([x, y], i) => {
    const [nx, ny] = outline[(i + 1) % outline.length];
    d += i ? ` ${x.toFixed(1)} ${y.toFixed(1)} ${((x + nx) / 2).toFixed(1)} ${((y + ny) / 2).toFixed(1)}` : `M${x.toFixed(1)} ${y.toFixed(1)}Q`;
  });
  return `${d}Z`;
}

const line = { fill: "none", stroke: RED, "stroke-width": 6, "stroke-linecap": "round", "stroke-linejoin": "round" };
const tickPath = (x, y) => `M${x - 16} ${y - 2}c5 5 9 11 12 18c9-22 21-40 38-56c-14 20-25 42-33 66c-2 4-6 4-8 0c-3-9-7-17-14-24c-1-3 2-6 5-4Z`;

const shapes = {
  tick: (g, x, y) => make("path", { d: tickPath(x, y), fill: RED }, g),
  half(g, x, y) {
    make("path", { d: tickPath(x, y), fill: RED }, g);
    make("path", { ...line, "stroke-width": 5, d: `M${x + 2} ${y - 26}l22 26` }, g);
  },
  cross: (g, x, y) => make("path", { ...line, d: `M${x - 15} ${y - 16}q14 14 30 33M${x + 16} ${y - 17}q-17 14-31 34` }, g),
};

function comment(g, annotation, x, y) {
  const lines = [""];
  for (const word of annotation.text.split(/\s+/)) {
    const last = lines.length - 1;
    if (lines[last] && (lines[last] + word).length > 34) lines.push(word); else lines[last] += (lines[last] ? " " : "") + word;
  }
  const longest = Math.max(...lines.map((l) => l.length)) * 15;
  const left = Math.max(8, Math.min(x, WIDTH - longest - 8));
  lines.forEach((text, i) => { make("text", { x: left, y: y + i * 36, "font-size": 32, class: "ink-text" }, g).textContent = text; });
}

/** One annotation as an SVG group. `height` is the drawing's height in its own units. */
export function drawOne(annotation, height, { focusable = false } = {}) {
  const { kind, geometry } = annotation;
  const label = [words[kind], annotation.marks && marksLabel(annotation.marks), annotation.text].filter(Boolean).join(", ");
  const g = make("g", { "data-id": annotation.id, role: "img", "aria-label": label, ...(focusable ? { tabindex: 0 } : {}) });
  const x = geometry.x * WIDTH, y = geometry.y * height;
  if (shapes[kind]) {
    shapes[kind](g, x, y);
    if (annotation.marks) make("text", { x: x + 24, y: y + 22, "font-size": 28, class: "ink-text" }, g).textContent = `+${marksText(annotation.marks)}`;
  } else if (kind === "comment") comment(g, annotation, x, y);
  else if (kind === "circle") make("ellipse", { ...line, cx: x + geometry.w * WIDTH / 2, cy: y + geometry.h * height / 2, rx: Math.abs(geometry.w * WIDTH / 2), ry: Math.abs(geometry.h * height / 2) }, g);
  else if (kind === "highlight") make("path", { d: stroke(geometry.points, height, 34), fill: "#F6A821", opacity: 0.38 }, g);
  else make("path", { d: stroke(geometry.points, height, kind === "underline" ? 6 : 7), fill: RED }, g);
  if (focusable && geometry.x != null) make("circle", { cx: x + 8, cy: y - 4, r: 30, class: "hit" }, g);
  return g;
}

/** Draws all annotations of a page into `svg`, whose viewBox follows the page's proportions. */
export function drawPage(svg, annotations, { width, height }, options) {
  const tall = width ? Math.round((WIDTH * height) / width) : 1414;
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${tall}`);
  svg.replaceChildren(...annotations.map((a) => drawOne(a, tall, options)));
  return tall;
}
