// What red ink looks like: vectors in 0–1 of the page to SVG elements as data, [name, attributes, text]. Browsers draw them
// (marking-ink.js), and so does the marked paper's PDF, which runs this very file (evaluations/services/marked_pdf).
import { getStroke } from "../vendor/perfect-freehand/perfect-freehand.js";

export const WIDTH = 1000; // the drawing's own units; its height follows the page
const RED = "#C4183C";
const line = { fill: "none", stroke: RED, "stroke-width": 6, "stroke-linecap": "round", "stroke-linejoin": "round" };

/** "0.5" → "½", "1.5" → "1½". */
export function marksText(value) {
  const number = Number(value), whole = Math.floor(number);
  return number % 1 ? `${whole || ""}½` : String(whole);
}

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

const tick = (x, y) => ["path", { d: `M${x - 16} ${y - 2}c5 5 9 11 12 18c9-22 21-40 38-56c-14 20-25 42-33 66c-2 4-6 4-8 0c-3-9-7-17-14-24c-1-3 2-6 5-4Z`, fill: RED }];
const stamps = {
  tick: (x, y) => [tick(x, y)],
  half: (x, y) => [tick(x, y), ["path", { ...line, "stroke-width": 5, d: `M${x + 2} ${y - 26}l22 26` }]],
  cross: (x, y) => [["path", { ...line, d: `M${x - 15} ${y - 16}q14 14 30 33M${x + 16} ${y - 17}q-17 14-31 34` }]],
};

// Without hints, so that a line is as long at every size of the page and in print.
const text = (x, y, size, words) => ["text", { x, y, "font-size": size, class: "ink-text", "text-rendering": "geometricPrecision" }, words];

function comment(words, x, y) {
  const lines = [""];
  for (const word of words.split(/\s+/)) {
    const last = lines.length - 1;
    if (lines[last] && (lines[last] + word).length > 34) lines.push(word); else lines[last] += (lines[last] ? " " : "") + word;
  }
  const longest = Math.max(...lines.map((l) => l.length)) * 15;
  const left = Math.max(8, Math.min(x, WIDTH - longest - 8));
  return lines.map((words, i) => text(left, y + i * 36, 32, words));
}

/** The elements of one annotation. `height` is the drawing's height in its own units. */
export function shapesOf({ kind, geometry, marks, text: source, shown }, height) {
  const x = geometry.x * WIDTH, y = geometry.y * height, words = shown || source; // formulas as plain characters
  const w = geometry.w * WIDTH, h = geometry.h * height;
  if (stamps[kind]) return [...stamps[kind](x, y), ...(marks ? [text(x + 24, y + 22, 28, `+${marksText(marks)}`)] : [])];
  if (kind === "comment" && h) return [["path", { ...line, "stroke-width": 4, d: `M${x} ${y}h${w}v${h}h${-w}Z` }], ...comment(words, x, y + h + 34)];
  if (kind === "comment") return comment(words, x, y);
  if (kind === "circle") {
    return [["ellipse", { ...line, cx: x + w / 2, cy: y + h / 2, rx: Math.abs(w / 2), ry: Math.abs(h / 2) }]];
  }
  if (kind === "highlight") return [["path", { d: stroke(geometry.points, height, 34), fill: "#F6A821", opacity: 0.38 }]];
  return [["path", { d: stroke(geometry.points, height, kind === "underline" ? 6 : 7), fill: RED }]];
}

/** The height of the drawing of a page. */
export const tallOf = ({ width, height }) => (width ? Math.round((WIDTH * height) / width) : 1414);
