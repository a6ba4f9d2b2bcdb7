// What the marker does, kept on this computer first and saved as it happens. A newer version on the server is never
// overwritten silently: both are shown, the marker chooses.
import { csrf, signedOut } from "./signed-in.js";

const WAITS = [1, 2, 4, 8, 15];

const sorted = (value) => JSON.stringify(value, (_key, v) => (v && v.constructor === Object ? Object.fromEntries(Object.entries(v).sort()) : v));
const given = ({ steps, free, comment }) => sorted([steps, free, comment]);
const drawn = ({ page, question, step, kind, geometry, text, marks }) => sorted([page, question, step, kind, geometry, text, marks]);

export class MarkStore {
  /**
   * onState("saved" | "saving" | "kept"), onMark(questionId) after a save, onConflict(questionId, mine, theirs) → Promise<"mine" | "theirs">,
   * onInk() after the server's version of ink was taken, onLost(problem) when the claim is gone. With `readOnly` nothing is sent.
   */
  constructor({ key, markUrl, inkUrl, marks, ink, readOnly, onState, onMark, onConflict, onInk, onLost }) {
    Object.assign(this, { key, markUrl, inkUrl, readOnly, onState, onMark, onConflict, onInk, onLost });
    this.marks = marks; // question id → {version, steps: {id: "1"}, free: string|null, comment, marks: string|null}
    this.ink = ink; // annotation id → annotation
    this.dirtyMarks = new Set();
    this.dirtyInk = new Set();
    this.failures = 0;
    this.working = null;
    this.lost = false;
    this.recover();
    for (const back of ["online", "focus"]) addEventListener(back, () => { if (!this.clean) this.flush(); });
    addEventListener("pagehide", () => this.keep());
  }

  recover() {
    let kept = null;
    try { kept = JSON.parse(localStorage.getItem(this.key)); } catch { /* nothing kept */ }
    if (!kept) return;
    // What the server has by now is let go.
    const marks = Object.entries(kept.marks).filter(([id, mark]) => this.marks.has(id) && given(mark) !== given(this.marks.get(id)));
    const ink = kept.ink.filter((item) => (item.deleted ? this.ink.has(item.id) : !this.ink.has(item.id) || drawn(item) !== drawn(this.ink.get(item.id))));
    if (!marks.length && !ink.length) localStorage.removeItem(this.key);
    if (this.readOnly) return;
    for (const [id, mark] of marks) { this.marks.set(id, mark); this.dirtyMarks.add(id); }
    for (const item of ink) { this.ink.set(item.id, item); this.dirtyInk.add(item.id); }
    this.flush();
  }

  keep() {
    if (this.readOnly) return;
    try {
      if (!this.dirtyMarks.size && !this.dirtyInk.size) return localStorage.removeItem(this.key);
      const marks = Object.fromEntries([...this.dirtyMarks].map((id) => [id, this.marks.get(id)]));
      localStorage.setItem(this.key, JSON.stringify({ marks, ink: [...this.dirtyInk].map((id) => this.ink.get(id)) }));
    } catch { /* the page itself still holds it */ }
  }

  touchMark(id) { this.dirtyMarks.add(id); this.later(); }

  touchInk(ids) { for (const id of ids) this.dirtyInk.add(id); this.later(); }

  later() {
    this.keep();
    this.onState("saving");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), 350);
  }

  get clean() { return !this.dirtyMarks.size && !this.dirtyInk.size; }

  flush() {
    clearTimeout(this.timer);
    if (this.lost || this.readOnly) return Promise.resolve();
    this.working ??= this.run().finally(() => { this.working = null; });
    return this.working;
  }

  async run() {
    try {
      while (!this.clean) {
        for (const id of [...this.dirtyMarks]) await this.sendMark(id);
        if (this.dirtyInk.size) await this.sendInk();
      }
      this.failures = 0;
      this.onState("saved");
    } catch (problem) {
      this.keep();
      if (problem?.final) { this.lost = true; this.onState("kept"); this.onLost(problem); return; }
      this.onState("kept");
      this.timer = setTimeout(() => this.flush(), WAITS[Math.min(this.failures++, WAITS.length - 1)] * 1000);
    }
  }

  async put(url, body) {
    const text = JSON.stringify(body);
    // A browser refuses to keep more than 64 KB alive beyond the page; long strokes are more.
    const response = await fetch(url, {
      method: "PUT", keepalive: text.length < 20000, headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() }, body: text,
    });
    const answer = await response.json().catch(() => ({}));
    if (signedOut(response) || response.status >= 500 || response.status === 429) throw new Error("try again");
    return { ok: response.ok, answer };
  }

  async sendMark(id) {
    const mark = this.marks.get(id), sent = JSON.stringify([mark.steps, mark.free, mark.comment]);
    const body = { version: mark.version, steps: mark.steps, comment: mark.comment };
    if (mark.free != null) body.free_marks = mark.free;
    const { ok, answer } = await this.put(this.markUrl(id), body);
    if (ok) {
      Object.assign(mark, { version: answer.version, marks: answer.marks });
      if (JSON.stringify([mark.steps, mark.free, mark.comment]) === sent) this.dirtyMarks.delete(id);
    } else if (answer.code === "version") {
      const theirs = answer.current;
      const choice = await this.onConflict(id, mark, theirs);
      mark.version = theirs.version;
      if (choice === "theirs") {
        const free = Object.keys(theirs.steps).length || !Number(theirs.marks) ? null : theirs.marks;
        Object.assign(mark, { steps: theirs.steps, comment: theirs.comment, marks: theirs.marks, free });
        this.dirtyMarks.delete(id);
      }
    } else throw Object.assign(answer, { final: true });
    this.keep();
    this.onMark(id);
  }

  async sendInk() {
    const ids = [...this.dirtyInk].slice(0, 200);
    const items = ids.map((id) => this.ink.get(id));
    const before = items.map((item) => JSON.stringify(item));
    const { ok, answer } = await this.put(this.inkUrl, { annotations: items });
    if (ok) {
      const versions = new Map(answer.annotations.map((a) => [a.id, a.version]));
      items.forEach((item, i) => {
        if (JSON.stringify(this.ink.get(item.id)) === before[i]) this.dirtyInk.delete(item.id);
        const now = this.ink.get(item.id);
        if (versions.has(item.id)) now.version = versions.get(item.id);
      });
    } else if (answer.code === "version") {
      for (const theirs of answer.current) { this.ink.set(theirs.id, theirs); this.dirtyInk.delete(theirs.id); }
      this.onInk();
    } else throw Object.assign(answer, { final: true });
    this.keep();
  }
}
