// What a photographed page should be told about while the paper is still on the desk. Pure; advice, never a refusal.
// Sharpness is measured as the server measures it (services/sheet_decoder.measure), on the same size of picture.

const BLURRED_BELOW = 0.035;
const DARK_BELOW = 95;
const ROWS = 12, COLUMNS = 9;

/** Of an RGBA picture: its grey as Float32Array. */
export function greyOf({ width, height, data }) {
  const grey = new Float32Array(width * height);
  for (let i = 0, k = 0; i < grey.length; i++, k += 4) grey[i] = 0.299 * data[k] + 0.587 * data[k + 1] + 0.114 * data[k + 2];
  return grey;
}

/** Convolves rows, then columns, with `kernel`; the border is continued. */
function convolved(grey, width, height, kernel) {
  const half = kernel.length >> 1;
  let from = grey;
  for (const [length, step, count, jump] of [[width, 1, height, width], [height, width, width, 1]]) {
    const out = new Float32Array(grey.length);
    for (let line = 0; line < count; line++) {
      for (let at = 0; at < length; at++) {
        let sum = 0;
        for (let k = -half; k <= half; k++) sum += kernel[k + half] * from[line * jump + Math.min(length - 1, Math.max(0, at + k)) * step];
        out[line * jump + at * step] = sum;
      }
    }
    from = out;
  }
  return from;
}

function gauss(sigma) {
  const half = Math.ceil(3 * sigma);
  const weights = Array.from({ length: 2 * half + 1 }, (_, i) => Math.exp(-((i - half) ** 2) / (2 * sigma * sigma)));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

function variance(values, width, [left, top, right, bottom]) {
  let sum = 0, squares = 0;
  for (let y = top; y < bottom; y++) for (let x = left; x < right; x++) { const v = values[y * width + x]; sum += v; squares += v * v; }
  const count = (right - left) * (bottom - top);
  return squares / count - (sum / count) ** 2;
}

function tiles(width, height) {
  const across = Math.floor(width / COLUMNS), down = Math.floor(height / ROWS);
  const boxes = [];
  for (let row = 1; row < ROWS - 1; row++) for (let column = 1; column < COLUMNS - 1; column++) {
    boxes.push([column * across, row * down, (column + 1) * across, (row + 1) * down]);
  }
  return across < 8 || down < 8 ? [] : boxes;
}

function quantile(values, share) {
  const counts = new Uint32Array(256);
  for (const value of values) counts[Math.max(0, Math.min(255, Math.round(value)))]++;
  let seen = 0;
  for (let level = 0; level < 256; level++) { seen += counts[level]; if (seen >= share * values.length) return level; }
  return 255;
}

/** Variance of the Laplacian over that of the strokes in the tiles with the most ink; null where no ink is. */
export function sharpness(grey, width, height) {
  const smooth = convolved(grey, width, height, gauss(1.2));
  const around = convolved(smooth, width, height, new Array(17).fill(1 / 17));
  const strokes = new Float32Array(grey.length), edges = new Float32Array(grey.length);
  for (let y = 1; y < height - 1; y++) for (let x = 1; x < width - 1; x++) {
    const i = y * width + x;
    strokes[i] = smooth[i] - around[i];
    edges[i] = smooth[i - 1] + smooth[i + 1] + smooth[i - width] + smooth[i + width] - 4 * smooth[i];
  }
  const measured = tiles(width, height).map((box) => [variance(strokes, width, box), variance(edges, width, box)]);
  if (!measured.length) return null;
  const floor = (which) => measured.map((pair) => pair[which]).sort((a, b) => a - b)[Math.floor(measured.length / 10)];
  const inkFloor = floor(0), edgeFloor = floor(1);
  const faintest = 2 * (Math.max(quantile(grey, 0.9), 40) / 190) ** 2;
  const inked = measured.sort((a, b) => b[0] - a[0]).slice(0, 3).filter(([ink]) => ink - inkFloor > faintest);
  if (!inked.length) return null;
  const total = inked.reduce((sum, [, edge]) => sum + Math.max(0, edge - 1.05 * edgeFloor), 0);
  return total / inked.reduce((sum, [ink]) => sum + ink - inkFloor, 0);
}

/** Whether a lamp drowns a part of the page: a tile burnt out while the paper elsewhere is not. */
export function hasGlare(grey, width, height) {
  const paper = tiles(width, height).map(([left, top, right, bottom]) => {
    let burnt = 0, sum = 0;
    for (let y = top; y < bottom; y += 2) for (let x = left; x < right; x += 2) { const v = grey[y * width + x]; sum += v; if (v >= 252) burnt++; }
    const seen = Math.ceil((bottom - top) / 2) * Math.ceil((right - left) / 2);
    return { burnt: burnt / seen, light: sum / seen };
  });
  const middle = paper.map((tile) => tile.light).sort((a, b) => a - b)[paper.length >> 1] ?? 255;
  return middle < 225 && paper.some((tile) => tile.burnt > 0.9);
}

/** Sentence keys: blurred, dark, glare, cut. `corners` null: no sheet was found, nothing is said of its edges. */
export function adviceOn(image, corners) {
  const { width, height } = image;
  const grey = greyOf(image);
  const sharp = sharpness(grey, width, height);
  const cut = corners?.some(([x, y]) => Math.min(x, y, 1 - x, 1 - y) < 0.003);
  return [
    sharp !== null && sharp < BLURRED_BELOW && "blurred",
    quantile(grey, 0.9) < DARK_BELOW && "dark",
    hasGlare(grey, width, height) && "glare",
    cut && "cut",
  ].filter(Boolean);
}

/** 256 bits as hex by which two photographs of one page are alike: is each cell of a 17 × 16 grid darker than the next? */
export function likeness(image) {
  const { width, height } = image;
  const grey = greyOf(image);
  const cell = (row, column) => {
    let sum = 0, count = 0;
    for (let y = Math.floor((row * height) / 16); y < Math.floor(((row + 1) * height) / 16); y += 2) {
      for (let x = Math.floor((column * width) / 17); x < Math.floor(((column + 1) * width) / 17); x += 2) { sum += grey[y * width + x]; count++; }
    }
    return sum / count;
  };
  let hex = "";
  for (let row = 0; row < 16; row++) for (let four = 0; four < 4; four++) {
    let bits = 0;
    for (let k = 0; k < 4; k++) bits = 2 * bits + (cell(row, 4 * four + k) < cell(row, 4 * four + k + 1) ? 1 : 0);
    hex += bits.toString(16);
  }
  return hex;
}

/** In how many of the 256 bits two pages differ. */
export function difference(one, other) {
  let bits = 0;
  for (let i = 0; i < one.length; i++) for (let x = parseInt(one[i], 16) ^ parseInt(other[i], 16); x; x &= x - 1) bits++;
  return bits;
}
