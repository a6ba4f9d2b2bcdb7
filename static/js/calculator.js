// The calculator's arithmetic: a typed line to a number. Products without a sign bind as those with one: 1÷2π is π÷2.
const TOKEN = /\s*(?:(\d+(?:\.\d*)?|\.\d+)(?:E([+\-−]?\d+))?|([a-z]+|[+\-−×*·÷/^√π!%()]))/iy;
const HALF_TURN = { deg: 180, rad: Math.PI };

/** A line that is no calculation; `reason` is one of unfinished, zero, range, unknown. */
export class CannotCalculate extends Error {
  constructor(reason) { super(reason); this.reason = reason; }
}

function tokens(text) {
  const found = [];
  TOKEN.lastIndex = 0;
  while (text.slice(TOKEN.lastIndex).trim()) {
    const match = TOKEN.exec(text);
    if (!match) throw new CannotCalculate("unknown");
    const [, digits, power, sign] = match;
    found.push(digits === undefined ? sign.toLowerCase() : Number(power === undefined ? digits : `${digits}e${power.replace("−", "-")}`));
  }
  return found;
}

/** Sine and cosine of whole quarter turns are exact: the sine of 180° is 0, and 90° has no tangent. */
function turn(angle, unit) {
  const quarters = angle / (HALF_TURN[unit] / 2), nearest = Math.round(quarters);
  if (Math.abs(quarters - nearest) < 1e-12) return [[0, 1], [1, 0], [0, -1], [-1, 0]][((nearest % 4) + 4) % 4];
  const radians = unit === "deg" ? ((angle % 360) * Math.PI) / 180 : angle;
  return [Math.sin(radians), Math.cos(radians)];
}

function divide(a, b) {
  if (b === 0) throw new CannotCalculate("zero");
  return a / b;
}

function factorial(n) {
  if (n < 0 || !Number.isInteger(n) || n > 170) throw new CannotCalculate("range");
  let product = 1;
  for (let i = 2; i <= n; i += 1) product *= i;
  return product;
}

const back = (f) => (x, unit) => (unit === "deg" ? (f(x) * 180) / Math.PI : f(x));
const functions = {
  __proto__: null,
  sin: (x, unit) => turn(x, unit)[0], cos: (x, unit) => turn(x, unit)[1],
  tan: (x, unit) => divide(...turn(x, unit)),
  asin: back(Math.asin), acos: back(Math.acos), atan: back(Math.atan),
  ln: Math.log, log: Math.log10, "√": Math.sqrt,
};

/** Recursive descent: sum, product, sign, power, and what stands after a number. */
class Reader {
  constructor(list, unit, answer) { Object.assign(this, { list, unit, names: { __proto__: null, π: Math.PI, pi: Math.PI, e: Math.E, ans: answer }, at: 0, depth: 0 }); }

  get next() { return this.list[this.at]; }

  take(...signs) { return signs.includes(this.next) ? this.list[this.at++] : undefined; }

  sum() {
    let value = this.product();
    for (let sign; (sign = this.take("+", "-", "−"));) value += sign === "+" ? this.product() : -this.product();
    return value;
  }

  product() {
    let value = this.signed();
    for (;;) {
      const sign = this.take("×", "*", "·", "÷", "/");
      if (sign === "÷" || sign === "/") value = divide(value, this.signed());
      else if (sign || this.starts()) value *= this.signed();
      else return value;
    }
  }

  starts() { return this.next === "(" || typeof this.next === "string" && (this.next in this.names || this.next in functions); }

  signed() { return this.take("-", "−") ? -this.signed() : this.take("+") ? this.signed() : this.power(); }

  power() {
    const base = this.after();
    return this.take("^") ? base ** this.signed() : base;
  }

  after() {
    let value = this.first();
    for (let sign; (sign = this.take("!", "%"));) value = sign === "!" ? factorial(value) : value / 100;
    return value;
  }

  first() {
    if (this.depth > 60) throw new CannotCalculate("range");
    this.depth += 1;
    const token = this.list[this.at++];
    let value = typeof token === "number" ? token : this.names[token];
    if (token === "(") {
      value = this.sum();
      if (this.next !== undefined && !this.take(")")) throw new CannotCalculate("unfinished"); // a bracket left open closes itself
    } else if (token in functions) value = functions[token](this.first(), this.unit);
    else if (value === undefined) throw new CannotCalculate(/^[a-z]/.test(token ?? "") ? "unknown" : "unfinished");
    this.depth -= 1;
    return value;
  }
}

/**
 * The value of a line such as "2π × √(9) + sin 30".
 * @param {{unit?: "deg" | "rad", answer?: number}} settings `answer`: what Ans stands for.
 * @throws {CannotCalculate}
 */
export function calculate(line, { unit = "deg", answer = 0 } = {}) {
  const reader = new Reader(tokens(line), unit, answer), value = reader.sum();
  if (reader.next !== undefined) throw new CannotCalculate("unfinished");
  if (!Number.isFinite(value)) throw new CannotCalculate("range");
  return value;
}

/** Twelve digits, without the dust of binary fractions: 0.1 + 0.2 is 0.3. */
export function shown(value) {
  const rounded = Number(value.toPrecision(12));
  if (rounded === 0) return "0";
  const size = Math.abs(rounded);
  if (size < 1e12 && size >= 1e-6) return String(rounded).replace("-", "−");
  const [digits, power] = rounded.toExponential().split("e");
  return `${digits}E${Number(power)}`.replaceAll("-", "−");
}
