// Four corners over a photograph, for pointer and keyboard: what lies within them is the page.
const STEP = 0.01, FINE_STEP = 0.002;
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const WHOLE = [[0, 0], [1, 0], [1, 1], [0, 1]];
const clamp = (value) => Math.min(1, Math.max(0, value));

export class CornerEditor {
  /** dialog: with an img, an svg polygon in a 0–1 box, four [data-corner], [data-corners=whole|save|cancel]. */
  constructor({ dialog, words }) {
    Object.assign(this, { dialog, words });
    this.image = dialog.querySelector("img");
    this.outline = dialog.querySelector("polygon");
    this.handles = [...dialog.querySelectorAll("[data-corner]")];
    for (const [index, handle] of this.handles.entries()) {
      handle.addEventListener("pointerdown", (event) => { event.preventDefault(); handle.focus(); handle.setPointerCapture(event.pointerId); });
      handle.addEventListener("pointermove", (event) => { if (handle.hasPointerCapture(event.pointerId)) this.drag(index, event); });
      handle.addEventListener("keydown", (event) => this.nudge(index, event));
    }
    dialog.addEventListener("click", ({ target }) => {
      const does = target.closest("[data-corners]")?.dataset.corners;
      if (does === "whole") this.show(WHOLE);
      if (does === "cancel" || does === "save") dialog.close(does);
    });
    dialog.addEventListener("close", () => {
      URL.revokeObjectURL(this.image.src);
      this.resolve?.(dialog.returnValue === "save" ? this.corners : null);
      dialog.returnValue = "";
    });
  }

  /** The corners the person settles on, or null when they leave it. */
  edit(blob, corners) {
    this.image.src = URL.createObjectURL(blob);
    this.show(corners ?? [[0.08, 0.06], [0.92, 0.06], [0.92, 0.94], [0.08, 0.94]]);
    this.dialog.showModal();
    return new Promise((resolve) => { this.resolve = resolve; });
  }

  show(corners) {
    this.corners = corners.map(([x, y]) => [clamp(x), clamp(y)]);
    this.outline.setAttribute("points", this.corners.map((corner) => corner.join()).join(" "));
    for (const [index, handle] of this.handles.entries()) {
      const [x, y] = this.corners[index];
      handle.style.setProperty("--x", x);
      handle.style.setProperty("--y", y);
      handle.setAttribute("aria-label", `${handle.dataset.corner}, ${this.words.at.replace("{}", Math.round(100 * x)).replace("{}", Math.round(100 * y))}`);
    }
  }

  /** A corner goes anywhere that leaves the four in their order around the page. */
  move(index, to) {
    const next = this.corners.map((corner, i) => (i === index ? to.map(clamp) : corner));
    const turns = next.map(([x, y], i) => {
      const [u, v] = next[(i + 1) % 4], [s, t] = next[(i + 2) % 4];
      return (u - x) * (t - v) - (v - y) * (s - u);
    });
    if (turns.every((turn) => turn > 0.005)) this.show(next);
  }

  drag(index, event) {
    const box = this.image.getBoundingClientRect();
    this.move(index, [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]);
  }

  nudge(index, event) {
    const by = KEYS[event.key];
    if (!by) return;
    event.preventDefault();
    const step = event.shiftKey ? FINE_STEP : STEP;
    this.move(index, this.corners[index].map((value, axis) => value + by[axis] * step));
  }
}
