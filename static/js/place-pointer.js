// Points at a place on a page of the paper: a tap or a drawn box; by keyboard Enter sets one, the arrows move it, with
// Shift they change its size, Delete takes it away. The box is in 0–1 of the page.
const root = document.querySelector("[data-point]");
const START = { w: 0.3, h: 0.06 }, STEP = 0.01;

function begin() {
  const form = root.closest("form"), pages = JSON.parse(document.getElementById("pointing-pages").textContent);
  const select = form.elements.page, field = form.elements.region, pic = root.querySelector(".point__pic");
  const img = pic.querySelector("img"), box = pic.querySelector(".region"), clear = root.querySelector("[data-clear]");
  let region = null, from = null;
  try { region = JSON.parse(field.value || "null"); } catch { /* a mangled box is none */ }

  const within = (value, top) => Math.min(Math.max(value, 0), top);
  function draw() {
    const page = pages[select.value];
    root.hidden = !page;
    if (!page) region = null;
    else if (img.getAttribute("src") !== page.url) { img.src = page.url; img.width = page.width; img.height = page.height; }
    box.hidden = clear.hidden = !region;
    if (region) for (const [side, key] of [["left", "x"], ["top", "y"], ["width", "w"], ["height", "h"]]) box.style[side] = `${region[key] * 100}%`;
    field.value = region ? JSON.stringify(region) : "";
  }
  const at = (event) => {
    const rect = pic.getBoundingClientRect();
    return { x: within((event.clientX - rect.left) / rect.width, 1), y: within((event.clientY - rect.top) / rect.height, 1) };
  };
  const around = ({ x, y }) => ({ x: within(x - START.w / 2, 1 - START.w), y: within(y - START.h / 2, 1 - START.h), ...START });
  function set(next) { region = next; draw(); }

  select.addEventListener("change", () => set(null));
  clear.addEventListener("click", () => set(null));
  // A finger scrolls; only a tap sets a place there. A mouse or a pen draws.
  pic.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "touch" || event.button) return;
    from = at(event);
    pic.setPointerCapture(event.pointerId);
    event.preventDefault();
    pic.focus();
  });
  pic.addEventListener("pointermove", (event) => {
    if (!from) return;
    const to = at(event);
    set({ x: Math.min(from.x, to.x), y: Math.min(from.y, to.y), w: Math.abs(to.x - from.x), h: Math.abs(to.y - from.y) });
  });
  pic.addEventListener("pointerup", (event) => {
    if (!from) return;
    if (!region || region.w < 0.02 || region.h < 0.01) set(around(at(event)));
    from = null;
  });
  pic.addEventListener("click", (event) => { if (event.pointerType === "touch") set(around(at(event))); });
  pic.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] }[event.key];
    if (event.key === "Enter") set(region ?? around({ x: 0.5, y: 0.5 }));
    else if (event.key === "Delete" && region) set(null);
    else if (way && region) {
      const { x, y, w, h } = region, [dx, dy] = way;
      if (event.shiftKey) set({ x, y, w: Math.min(Math.max(w + dx, 0.02), 1 - x), h: Math.min(Math.max(h + dy, 0.02), 1 - y) });
      else set({ x: within(x + dx, 1 - w), y: within(y + dy, 1 - h), w, h });
    } else return;
    event.preventDefault();
  });
  draw();
}
if (root) begin();
