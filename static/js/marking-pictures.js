// On the desk: asking for a clearer picture of a page or a part of it, and the new picture beside the page.
import { csrf, signedOut } from "./signed-in.js";

const LOOK_EVERY = 20000, PREPARING = 3000; // ms
const SMALLEST = 0.02; // of the page: less is a click, which means the whole page
const $ = (selector, from = document) => from.querySelector(selector);
const fill = (text, ...values) => values.reduce((t, v) => t.replace("{}", v), text);
const isWaited = (p) => p.state === "open" || p.answer_state === "waiting";

function put(box, region) {
  for (const [side, value] of [["left", region.x], ["top", region.y], ["width", region.w], ["height", region.h]]) box.style[side] = `${value * 100}%`;
  return box;
}
function boxOf(region, className = "region") {
  const box = document.createElement("i");
  box.className = className;
  return put(box, region);
}

export class DeskPictures {
  /**
   * pictures: of the desk's data; svg, place(event): where the pointer draws, in 0–1 of the page; isAsking(): whether the
   * tool is chosen; numberOf(page id); changed({due_at, paused}): the clock; drawn(): the side by side came or went.
   */
  constructor({ pictures, pointed, words, urls, svg, place, isAsking, numberOf, toast, changed, drawn, setTool }) {
    Object.assign(this, { pictures, pointed, words, urls, svg, place, isAsking, numberOf, toast, changed, drawn, setTool });
    this.dialog = $("#ask");
    this.regions = $("#regions");
    svg.addEventListener("pointerdown", (event) => this.begin(event));
    svg.addEventListener("pointermove", (event) => this.stretch(event));
    svg.addEventListener("pointerup", () => this.end());
    svg.addEventListener("pointercancel", () => { this.corner = null; this.paint(); });
    $("form", this.dialog)?.addEventListener("submit", (event) => { event.preventDefault(); this.send(); });
    $("#asked button")?.addEventListener("click", () => this.withdraw());
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.look(); });
    this.later();
  }

  get open() { return this.pictures.filter((p) => p.state === "open"); }
  get beside() { return !$("#newer").hidden; }
  of(page, state) { return this.pictures.findLast((p) => p.page === page?.id && (!state || p.state === state)); }

  show(page) {
    this.page = page;
    this.corner = null;
    this.paint();
  }

  paint() {
    const { page, words } = this, open = this.of(page, "open"), answered = this.of(page, "answered");
    const last = this.of(page), note = $("#asked"), newer = $("#newer");
    const failed = answered?.answer_state === "failed";
    note.hidden = !(open || last?.state === "expired" || failed || answered?.answer_state === "waiting");
    $("span", note).textContent = open ? fill(words.asked, [open.reason, open.words].filter(Boolean).join(", "), open.until)
      : last?.state === "expired" ? words.expired : failed ? words.unreadable : words.preparing;
    const button = $("button", note);
    if (button) button.hidden = !open;
    const ready = answered?.url;
    const was = newer.hidden;
    newer.hidden = !ready;
    if (ready) {
      const img = $("img", newer);
      if (img.dataset.of !== answered.id) { img.dataset.of = answered.id; img.src = answered.url; }
      img.width = answered.width;
      img.height = answered.height;
    }
    this.regions.replaceChildren(...[open, answered, this.pointed?.page === page?.id ? this.pointed : null].filter((p) => p?.region).map((p) => boxOf(p.region)));
    for (const thumb of document.querySelectorAll("[data-page]")) thumb.toggleAttribute("data-asked", Boolean(this.open.some((p) => p.page === thumb.dataset.page)));
    if (was !== newer.hidden) this.drawn();
  }

  /* --- The box --- */
  begin(event) {
    if (!this.isAsking() || event.button || !this.page) return;
    this.svg.setPointerCapture(event.pointerId);
    this.corner = this.place(event);
    this.draft = boxOf(this.region(this.corner), "region region--draft");
    this.regions.append(this.draft);
  }

  stretch(event) {
    if (!this.corner) return;
    this.far = this.place(event);
    put(this.draft, this.region(this.far));
  }

  end() {
    if (!this.corner) return;
    const region = this.region(this.far ?? this.corner);
    this.corner = this.far = null;
    this.choose(region.w < SMALLEST || region.h < SMALLEST ? null : region);
  }

  region([x, y]) {
    const clamp = (v) => Math.min(1, Math.max(0, v)), [a, b, c, d] = [this.corner[0], this.corner[1], x, y].map(clamp);
    return { x: Math.min(a, c), y: Math.min(b, d), w: Math.abs(a - c), h: Math.abs(b - d) };
  }

  /** The first press chooses the tool, the second asks for the whole page. */
  ask() {
    if (this.isAsking()) return this.choose(null);
    this.setTool("ask");
    this.toast(this.words.draw, "info");
  }

  /** Opens the dialog for `region`, or for the whole page (null). */
  choose(region) {
    if (!this.page) return;
    if (this.of(this.page, "open")) { this.paint(); return this.toast(this.words.asked_already, "warning"); }
    this.wanted = { page: this.page.id, region };
    $("#ask-what").textContent = fill(region ? this.words.ask_part : this.words.ask_whole, this.page.number);
    this.dialog.showModal();
    this.dialog.onclose = () => { this.paint(); this.setTool("tick"); };
  }

  async post(url, body) {
    const response = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() }, body: JSON.stringify(body) }).catch(() => null);
    if (response && signedOut(response)) return null;
    const answer = await response?.json().catch(() => null);
    if (!response?.ok || !answer) this.toast(answer?.detail || this.words.not_asked);
    return response?.ok ? answer : null;
  }

  async send() {
    const form = $("form", this.dialog), button = $("[type=submit]", form);
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    const { reason, words } = Object.fromEntries(new FormData(form));
    const made = await this.post(this.urls.ask, { ...this.wanted, reason, words: words.trim() });
    button.removeAttribute("aria-busy");
    if (!made) return;
    this.dialog.close();
    form.reset();
    this.look();
  }

  async withdraw() {
    const open = this.of(this.page, "open");
    if (open) await this.post(this.urls.withdraw.replace("00000000-0000-0000-0000-000000000000", open.id), {});
    this.look();
  }

  /* --- What came meanwhile --- */
  later() {
    clearTimeout(this.timer);
    const waited = this.pictures.filter(isWaited);
    if (waited.length) this.timer = setTimeout(() => (document.hidden ? this.later() : this.look()), waited.some((p) => p.answer_state) ? PREPARING : LOOK_EVERY);
  }

  async look() {
    const response = await fetch(this.urls.state).catch(() => null);
    const fresh = response && !signedOut(response) && response.ok ? await response.json().catch(() => null) : null;
    if (fresh) {
      const waiting = new Set(this.pictures.filter((p) => !p.url).map((p) => p.id));
      this.pictures = fresh.pictures;
      for (const p of fresh.pictures) if (p.url && waiting.has(p.id)) this.toast(fill(this.words.arrived, this.numberOf(p.page)), "success");
      this.changed(fresh);
      this.paint();
    }
    this.later();
  }
}
