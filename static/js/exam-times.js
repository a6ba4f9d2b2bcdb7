// How long each question is in view of somebody active: this page visible, its window focused, the device awake.
// The server is told whole seconds in all and keeps the largest number, so that nothing is ever counted twice.
import { csrf } from "./signed-in.js";

const TICK = 1000, LONGEST = 3000; // a step that took longer is a device that slept
const SOON = 15000, LINGERING = 60; // ms until what is known is sent; seconds on one question before that happens at all

export class QuestionTimes {
  /** @param {{attempt: string, url: string, stored: Map<string, number>}} options */
  constructor({ attempt, url, stored }) {
    Object.assign(this, { url, key: `abhyas-times-${attempt}`, told: new Map(stored) });
    this.spent = new Map([...stored].map(([question, seconds]) => [question, seconds * 1000]));
    this.question = this.last = this.timer = null;
    for (const change of ["focus", "blur"]) addEventListener(change, () => this.measure());
    addEventListener("visibilitychange", () => this.measure());
    setInterval(() => this.measure(), TICK);
  }

  /** Seconds in all, rounded down. */
  of(question) {
    this.measure();
    return Math.floor((this.spent.get(question) ?? 0) / 1000);
  }

  /** From now on the time is that of `question`. */
  move(question) {
    if (question === this.question) return;
    this.measure();
    this.question = question;
    if (this.untold().length) this.soon();
  }

  measure() {
    const now = performance.now(), active = !document.hidden && document.hasFocus();
    if (this.last !== null && this.question) {
      const { question } = this;
      this.spent.set(question, (this.spent.get(question) ?? 0) + Math.min(now - this.last, LONGEST));
      if (this.spent.get(question) / 1000 - (this.told.get(question) ?? 0) >= LINGERING) this.soon();
    }
    if (active && this.last === null) this.recall();
    if (!active && this.last !== null) this.keep();
    this.last = active ? now : null;
  }

  /** Tabs of one browser go on from each other's time. */
  recall() {
    try {
      for (const [question, seconds] of JSON.parse(localStorage.getItem(this.key) || "[]")) {
        if (this.spent.has(question)) this.spent.set(question, Math.max(this.spent.get(question), seconds * 1000));
      }
    } catch { /* only the time of the other tab is lost */ }
  }

  keep() {
    try { localStorage.setItem(this.key, JSON.stringify([...this.spent].map(([question, ms]) => [question, Math.floor(ms / 1000)]))); } catch { /* as above */ }
  }

  untold() {
    const known = [...this.spent].map(([question, ms]) => [question, Math.floor(ms / 1000)]);
    return known.filter(([question, seconds]) => seconds > (this.told.get(question) ?? 0));
  }

  confirm(question, seconds) {
    this.told.set(question, Math.max(this.told.get(question) ?? 0, seconds));
  }

  soon() {
    this.timer ??= setTimeout(() => this.flush(), SOON);
  }

  /** Tells what is not told yet; a failure loses nothing, as the next message has it again. */
  async flush() {
    clearTimeout(this.timer);
    this.timer = null;
    this.measure();
    const news = this.untold();
    if (!news.length) return;
    try {
      const response = await fetch(this.url, {
        method: "PUT", keepalive: true, signal: AbortSignal.timeout?.(5000),
        headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() },
        body: JSON.stringify({ seconds: Object.fromEntries(news) }),
      });
      if (response.ok) for (const [question, seconds] of news) this.confirm(question, seconds);
    } catch { /* later */ }
  }
}
