// Finds the sheet in a photograph and straightens it. Pure: pixels in, numbers or pixels out; runs in a worker.
//
// Lines of the picture come from a Hough transform over gradient directions (Ballard 1981); of all quadrilaterals that
// two and two of them make, the one wins whose four sides have paper within and desk without, weighed by its size.
// Its sides are then fitted anew on a finer picture. Corners go clockwise from the top left, [x, y] in 0–1.

/** Long sides, in pixels, of the pictures that `findPage` and `refine` want. */
export const COARSE = 400;
export const FINE = 1200;

const ANGLES = 360; // of half a degree
const SURE = 0.75; // below this the picture is looked at in a second way
const FAINT = 25; // and so is it below this step of light, of 255
const LEAST = 0.6; // a quadrilateral that scores less is not believed

/** How much like paper a pixel is: its smallest channel. Paper is bright and hardly coloured, a wooden desk is not. */
function paperness(data, k) {
  return Math.min(data[k], data[k + 1], data[k + 2]);
}

/** Rec. 601, for a white desk, where only the light tells. */
function luminance(data, k) {
  return 0.299 * data[k] + 0.587 * data[k + 1] + 0.114 * data[k + 2];
}

const GREY = 128;
/** How warm the colour is, GREY for none: white paper and a white desk are rarely the same white. */
function warmth(data, k) {
  return GREY + data[k] - data[k + 2];
}

function planeOf({ width, height, data }, measure) {
  const plane = new Uint8ClampedArray(width * height);
  for (let i = 0; i < plane.length; i++) plane[i] = measure(data, 4 * i);
  return plane;
}

/** The largest (or, with `sign` −1, smallest) value within `radius`, along the rows or along the columns. */
function spread(plane, width, height, radius, sign, columns) {
  const out = new Uint8ClampedArray(plane.length);
  const [count, length, step, jump] = columns ? [width, height, width, 1] : [height, width, 1, width];
  for (let line = 0; line < count; line++) {
    for (let at = 0; at < length; at++) {
      let best = plane[line * jump + at * step];
      const from = Math.max(0, at - radius), to = Math.min(length - 1, at + radius);
      for (let k = from; k <= to; k++) {
        const value = plane[line * jump + k * step];
        if ((value - best) * sign > 0) best = value;
      }
      out[line * jump + at * step] = best;
    }
  }
  return out;
}

/** Morphological closing: handwriting and ruled lines vanish, edges of regions stay. */
function withoutInk(plane, width, height, radius) {
  let out = plane;
  for (const sign of [1, -1]) for (const columns of [false, true]) out = spread(out, width, height, radius, sign, columns);
  return out;
}

function softened(plane, width, height) {
  const out = Float32Array.from(plane);
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const i = y * width + x;
      let sum = 0;
      for (const row of [i - width, i, i + width]) sum += plane[row - 1] + plane[row] + plane[row + 1];
      out[i] = sum / 9;
    }
  }
  return out;
}

/** Votes for lines x·cos θ + y·sin θ = ρ, θ in half degrees from 0 to 359, ρ in pixels from −diagonal to diagonal. */
function vote({ plane, width, height }) {
  const reach = Math.ceil(Math.hypot(width, height));
  const votes = new Float32Array(ANGLES * (2 * reach + 1));
  const cos = [], sin = [];
  for (let a = 0; a < ANGLES; a++) { cos.push(Math.cos((a * Math.PI) / ANGLES)); sin.push(Math.sin((a * Math.PI) / ANGLES)); }
  for (let y = 2; y < height - 2; y++) {
    for (let x = 2; x < width - 2; x++) {
      const i = y * width + x;
      const gx = plane[i + 1] - plane[i - 1], gy = plane[i + width] - plane[i - width];
      const size = Math.hypot(gx, gy);
      if (size < 2.5) continue;
      // A faint edge of a sheet on a white desk must not drown beside a strong one.
      const weight = Math.min(size, 25) ** 0.5;
      const angle = Math.round((Math.atan2(gy, gx) * ANGLES) / Math.PI);
      for (let near = -4; near <= 4; near++) {
        const a = (angle + near + 2 * ANGLES) % ANGLES;
        votes[a * (2 * reach + 1) + Math.round(x * cos[a] + y * sin[a]) + reach] += weight;
      }
    }
  }
  return { votes, reach, cos, sin };
}

/** The strongest lines that lie more or less across (`upright` false) or down, no two of them nearly the same. */
function strongest({ votes, reach, cos, sin }, upright, most) {
  const span = 2 * reach + 1;
  const found = [];
  for (let a = 0; a < ANGLES; a++) {
    if ((Math.abs(a - ANGLES / 2) > ANGLES / 4) !== upright) continue;
    for (let r = 1; r < span - 1; r++) {
      const at = a * span + r;
      const count = votes[at - 1] + votes[at] + votes[at + 1];
      if (count > 40) found.push({ a, rho: r - reach, cos: cos[a], sin: sin[a], count });
    }
  }
  found.sort((one, other) => other.count - one.count);
  const kept = [];
  for (const line of found) {
    const known = kept.some((one) => {
      const turned = Math.abs(one.a - line.a);
      return Math.min(turned, ANGLES - turned) < 12 && Math.abs(Math.abs(one.rho) - Math.abs(line.rho)) < 6;
    });
    if (!known) kept.push(line);
    if (kept.length === most) break;
  }
  return kept;
}

function crossing(one, other) {
  const det = one.cos * other.sin - other.cos * one.sin;
  if (Math.abs(det) < 0.2) return null;
  return [(one.rho * other.sin - other.rho * one.sin) / det, (other.rho * one.cos - one.rho * other.cos) / det];
}

const POINTS = 32;
/** Of the points along a side: the share with paper on its inner and desk on its outer side. Clockwise corners. */
function support(view, from, to) {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
  const inwards = [-(to[1] - from[1]) / length, (to[0] - from[0]) / length];
  const shows = view.colour ? showsFaintly : showsPlainly;
  let good = 0, seen = 0;
  for (let k = 0; k < POINTS; k++) {
    const t = 0.04 + (0.92 * k) / (POINTS - 1);
    const verdict = shows(view, [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])], inwards);
    if (verdict === null) continue;
    seen++;
    if (verdict) good++;
  }
  return seen < 0.5 * POINTS ? 0 : Math.max(0, (good / seen - 0.5) * 2);
}

const ASIDE = 4; // pixels on either side of an edge are compared

/** By how much it is brighter within than without, in the middles of the sides, at the least. */
function contrast({ plane, width, height }, quad) {
  return Math.min(...quad.map(([x, y], i) => {
    const [u, v] = quad[(i + 1) % 4];
    const length = Math.hypot(u - x, v - y), nx = -(v - y) / length, ny = (u - x) / length;
    let sum = 0;
    for (let t = 0.3; t < 0.71; t += 0.1) {
      const px = x + t * (u - x), py = y + t * (v - y);
      sum += value(plane, width, height, px + nx * ASIDE, py + ny * ASIDE) - value(plane, width, height, px - nx * ASIDE, py - ny * ASIDE);
    }
    return sum / 5;
  }));
}

/** Whether it is brighter within. Paper and desk are darker alike in a shadow: the step is in proportion to the light. */
function showsPlainly({ plane, width, height }, [x, y], [nx, ny]) {
  const inner = value(plane, width, height, x + nx * ASIDE, y + ny * ASIDE);
  const outer = value(plane, width, height, x - nx * ASIDE, y - ny * ASIDE);
  return inner < 0 || outer < 0 ? null : inner - outer > Math.max(3, 0.05 * inner);
}

/** Whether light or colour differ a little, or a dark line runs here: the thin shadow of a sheet's edge, or a gap. */
function showsFaintly({ plane, colour, width, height }, [x, y], [nx, ny]) {
  const inner = value(plane, width, height, x + nx * ASIDE, y + ny * ASIDE);
  const outer = value(plane, width, height, x - nx * ASIDE, y - ny * ASIDE);
  if (inner < 0 || outer < 0) return null;
  const least = Math.max(3, 0.02 * inner);
  if (inner - outer > least) return true;
  const within = value(colour, width, height, x + nx * ASIDE, y + ny * ASIDE) - GREY;
  const without = value(colour, width, height, x - nx * ASIDE, y - ny * ASIDE) - GREY;
  if (Math.abs(within) < 28 && Math.abs(without) < 28 && Math.abs(within - without) > 3) return true;
  for (let d = -2; d <= 2; d++) {
    if (value(plane, width, height, x + nx * d, y + ny * d) < Math.min(inner, outer) - 3 * least) return true;
  }
  return false;
}

function value(plane, width, height, x, y) {
  const column = Math.round(x), row = Math.round(y);
  return column < 0 || row < 0 || column >= width || row >= height ? -1 : plane[row * width + column];
}

function areaOf(quad) {
  return quad.reduce((sum, [x, y], i) => { const [u, v] = quad[(i + 1) % 4]; return sum + x * v - u * y; }, 0) / 2;
}

/** How much a quadrilateral looks like a sheet, 0–1: by its worst side, its sides, its size and its shape. */
function judge(view, quad) {
  const sides = quad.map(([x, y], i) => Math.hypot(quad[(i + 1) % 4][0] - x, quad[(i + 1) % 4][1] - y));
  const shape = (sides[0] + sides[2]) / (sides[1] + sides[3]);
  if (shape < 0.45 || shape > 2.2) return 0;
  if (Math.min(sides[0], sides[2]) < 0.4 * Math.max(sides[0], sides[2])) return 0;
  if (Math.min(sides[1], sides[3]) < 0.4 * Math.max(sides[1], sides[3])) return 0;
  let worst = 1, sum = 0;
  for (let i = 0; i < 4; i++) {
    const side = support(view, quad[i], quad[(i + 1) % 4]);
    if (side < 0.2) return 0;
    worst = Math.min(worst, side);
    sum += side;
  }
  return (0.6 * worst + 0.1 * sum) * Math.sqrt(Math.sqrt(areaOf(quad) / (view.width * view.height)));
}

/** The sheet in a picture whose long side is COARSE: {corners, score}, or null when none is believed. */
export function findPage(image) {
  const { width, height } = image;
  const region = withoutInk(planeOf(image, paperness), width, height, 3);
  const plain = { plane: softened(region, width, height), width, height, lines: 14 };
  let best = search(plain);
  if (best.score < SURE || contrast(plain, best.corners) < FAINT) {
    const light = planeOf(image, luminance);
    const colour = softened(planeOf(image, warmth), width, height);
    const other = search({ plane: softened(light, width, height), colour, width, height, lines: 24 });
    if (other.score > best.score) best = other;
  }
  if (best.score < LEAST) return null;
  return { score: best.score, corners: best.corners.map(([x, y]) => [x / width, y / height]) };
}

/** The best quadrilateral of two lines across and two lines down. */
function search(view) {
  const { width, height } = view;
  const lines = vote(view);
  const rows = pairs(strongest(lines, false, view.lines), (line) => (line.rho - (line.cos * width) / 2) / line.sin, 0.25 * height);
  const columns = pairs(strongest(lines, true, view.lines), (line) => (line.rho - (line.sin * height) / 2) / line.cos, 0.25 * width);
  const inside = ([x, y]) => x > -0.02 * width && y > -0.02 * height && x < 1.02 * width && y < 1.02 * height;
  let best = { score: 0, corners: null };
  for (const [top, bottom] of rows) {
    for (const [left, right] of columns) {
      const quad = [crossing(top, left), crossing(top, right), crossing(bottom, right), crossing(bottom, left)];
      if (!quad.every((corner) => corner && inside(corner))) continue;
      const score = judge(view, quad);
      if (score > best.score) best = { score, corners: quad };
    }
  }
  return best;
}

/** Every two lines of which the second lies at least `apart` further on, by where they cross the middle. */
function pairs(lines, middle, apart) {
  return lines.flatMap((one) => lines.filter((other) => middle(other) - middle(one) >= apart).map((other) => [one, other]));
}

/** The line a·x + b·y = c nearest to most of `points`: least squares, thrice, with what lies far off left out. */
function fitted(points) {
  let use = points, line = null;
  for (let round = 0; round < 3; round++) {
    const n = use.length;
    const mx = use.reduce((s, p) => s + p[0], 0) / n, my = use.reduce((s, p) => s + p[1], 0) / n;
    let xx = 0, xy = 0, yy = 0;
    for (const [x, y] of use) { xx += (x - mx) ** 2; xy += (x - mx) * (y - my); yy += (y - my) ** 2; }
    const turn = 0.5 * Math.atan2(2 * xy, xx - yy);
    line = { cos: -Math.sin(turn), sin: Math.cos(turn) };
    line.rho = line.cos * mx + line.sin * my;
    const off = ([x, y]) => Math.abs(line.cos * x + line.sin * y - line.rho);
    const limit = Math.max(1, 2 * points.map(off).sort((a, b) => a - b)[points.length >> 1]);
    use = points.filter((p) => off(p) <= limit);
    if (use.length < 8) return null;
  }
  return line;
}

/** The same corners, measured on a picture whose long side is FINE. Sides that show no clear edge stay as they are. */
export function refine(image, corners) {
  const { width, height } = image;
  const plane = softened(planeOf(image, paperness), width, height);
  const quad = corners.map(([x, y]) => [x * width, y * height]);
  const reach = Math.round(0.025 * Math.max(width, height));
  const lines = quad.map((from, i) => {
    const to = quad[(i + 1) % 4];
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
    const nx = -(to[1] - from[1]) / length, ny = (to[0] - from[0]) / length;
    const points = [];
    for (let k = 0; k < 80; k++) {
      const t = 0.03 + (0.94 * k) / 79;
      const x = from[0] + t * (to[0] - from[0]), y = from[1] + t * (to[1] - from[1]);
      let most = 6, at = null;
      for (let d = -reach; d <= reach; d++) {
        const inner = value(plane, width, height, x + nx * (d + 3), y + ny * (d + 3));
        const outer = value(plane, width, height, x + nx * (d - 3), y + ny * (d - 3));
        if (inner >= 0 && outer >= 0 && inner - outer > most) { most = inner - outer; at = d; }
      }
      if (at !== null) points.push([x + nx * at, y + ny * at]);
    }
    const plain = { cos: nx, sin: ny, rho: nx * from[0] + ny * from[1] };
    return points.length < 30 ? plain : fitted(points) ?? plain;
  });
  return quad.map((corner, i) => {
    const [x, y] = crossing(lines[(i + 3) % 4], lines[i]) ?? corner;
    return [Math.min(1, Math.max(0, x / width)), Math.min(1, Math.max(0, y / height))];
  });
}

/** The eight numbers of the projective map that takes (0,0)…(width,height) to `quad` (Heckbert 1989, section 2.2). */
export function homography(quad, width, height) {
  const [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] = quad;
  const dx1 = x1 - x2, dx2 = x3 - x2, dx3 = x0 - x1 + x2 - x3;
  const dy1 = y1 - y2, dy2 = y3 - y2, dy3 = y0 - y1 + y2 - y3;
  const det = dx1 * dy2 - dx2 * dy1;
  const g = (dx3 * dy2 - dx2 * dy3) / det, h = (dx1 * dy3 - dx3 * dy1) / det;
  return [
    (x1 - x0 + g * x1) / width, (x3 - x0 + h * x3) / height, x0,
    (y1 - y0 + g * y1) / width, (y3 - y0 + h * y3) / height, y0,
    g / width, h / height,
  ];
}

/** The size in pixels of an A4 page at 200 dpi that lies as the corners do, never more than the photograph shows. */
export function sizeOf({ width, height }, corners) {
  const side = (i, k) => Math.hypot((corners[k][0] - corners[i][0]) * width, (corners[k][1] - corners[i][1]) * height);
  const across = Math.max(side(0, 1), side(3, 2)), down = Math.max(side(0, 3), side(1, 2));
  const long = Math.min(2339, Math.round(Math.max(across, down)));
  const short = Math.round(long / Math.SQRT2);
  return across > down ? [long, short] : [short, long];
}

/** The sheet seen from straight above: an RGBA picture of `width` by `height`. Bilinear. */
export function straighten(image, corners, width, height) {
  const { data, width: w, height: h } = image;
  const [a, b, c, d, e, f, g, k] = homography(corners.map(([x, y]) => [x * (w - 1), y * (h - 1)]), width, height);
  const out = new Uint8ClampedArray(4 * width * height);
  let at = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 4) {
      const depth = g * x + k * y + 1;
      const u = Math.min(w - 1.001, Math.max(0, (a * x + b * y + c) / depth));
      const v = Math.min(h - 1.001, Math.max(0, (d * x + e * y + f) / depth));
      const left = u | 0, top = v | 0, s = u - left, t = v - top;
      const i = 4 * (top * w + left), j = i + 4 * w;
      for (let channel = 0; channel < 3; channel++) {
        const upper = data[i + channel] * (1 - s) + data[i + 4 + channel] * s;
        const lower = data[j + channel] * (1 - s) + data[j + 4 + channel] * s;
        out[at + channel] = upper * (1 - t) + lower * t;
      }
      out[at + 3] = 255;
    }
  }
  return { width, height, data: out };
}
