// What is typed in the question editor is kept: on this device at once, on the server a moment later. The copy here
// goes when the server has it. Another tab's newer version is never overwritten without asking.
import { csrf, signedOut } from "./signed-in.js";

const PAUSE = 1500, WAITS = [5, 15, 60];
const OURS = new Set(["csrfmiddlewaretoken", "draft", "draft_seen"]);

export class DraftKeeper {
  /** `form`: finds the form as it is now; `onState("kept" | "local" | "sending" | "")`; `onConflict(problem)`. */
  constructor({ root, form, onState, onConflict, onRefused }) {
    Object.assign(this, { root, form, onState, onConflict, onRefused });
    this.id = form().elements.draft.value;
    this.seen = Number(form().elements.draft_seen.value);
    this.first = JSON.stringify(this.entries());
    this.sent = this.first;
    this.failures = 0;
    this.stuck = false;
    addEventListener("online", () => this.flush());
    document.addEventListener("visibilitychange", () => { if (document.hidden) this.flush(); });
  }

  get prefix() { return `abhyas-question-${this.root.dataset.person}-`; }

  /** All that was typed, as the form would send it; not files. */
  entries() {
    return [...new FormData(this.form())].filter(([name, value]) => typeof value === "string" && !OURS.has(name));
  }

  get clean() { return JSON.stringify(this.entries()) === this.sent; }

  /** The form may have come anew from the server; which draft it is, this tab knows best. */
  stamp() {
    this.form().elements.draft.value = this.id;
    this.form().elements.draft_seen.value = this.seen;
  }

  touch() {
    if (this.clean) return;
    this.keepHere();
    const address = new URL(location.href);
    if (address.searchParams.get("draft") !== this.id) {
      address.searchParams.set("draft", this.id);
      history.replaceState(history.state, "", address);
    }
    this.onState(this.stuck ? "local" : "sending");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), PAUSE);
  }

  keepHere() {
    try {
      const copy = { path: location.pathname, seen: this.seen, at: Date.now(), entries: this.entries() };
      localStorage.setItem(this.prefix + this.id, JSON.stringify(copy));
    } catch { /* the page itself still holds it */ }
  }

  forgetHere(id = this.id) { localStorage.removeItem(this.prefix + id); }

  /** The copy on this device that the server may not have, or null. */
  copyHere(id = this.id) {
    try { return JSON.parse(localStorage.getItem(this.prefix + id)); } catch { return null; }
  }

  /** The latest copy of this page's kind that another visit left on this device. */
  leftHere() {
    const ids = Object.keys(localStorage).filter((key) => key.startsWith(this.prefix)).map((key) => key.slice(this.prefix.length));
    const left = ids.filter((id) => id !== this.id && this.copyHere(id)?.path === location.pathname);
    return left.sort((a, b) => this.copyHere(b).at - this.copyHere(a).at)[0];
  }

  /** Sends what is not sent; true unless neither the network nor a session was there. */
  flush() {
    clearTimeout(this.timer);
    if (this.clean || this.stuck) return Promise.resolve(true);
    this.working ??= this.send().finally(() => { this.working = null; });
    return this.working;
  }

  async send() {
    const entries = this.entries(), text = JSON.stringify(entries);
    try {
      const response = await fetch(this.root.dataset.draft.replace("00000000-0000-0000-0000-000000000000", this.id), {
        method: "POST", keepalive: text.length < 20000, headers: { "X-CSRFToken": csrf() },
        body: new URLSearchParams([...entries, ["draft_seen", this.seen]]),
      });
      if (signedOut(response)) throw new Error("signed out");
      const answer = await response.json().catch(() => ({}));
      if (response.status === 409) this.conflict(answer);
      else if (response.ok) this.confirmed(answer, text);
      else if (response.status < 500 && response.status !== 429) { this.stuck = true; this.onState("local"); this.onRefused(answer.detail); }
      else this.again();
      return true;
    } catch {
      this.again();
      return false;
    }
  }

  confirmed(answer, text) {
    const here = this.id;
    this.id = answer.draft;
    this.seen = answer.version;
    this.sent = text;
    this.failures = 0;
    this.stamp();
    if (here !== this.id) this.forgetHere(here);
    if (!this.clean) return this.touch();
    this.forgetHere();
    this.onState("kept");
  }

  again() {
    this.onState("local");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), WAITS[Math.min(this.failures++, WAITS.length - 1)] * 1000);
  }

  conflict(problem) {
    this.stuck = true;
    this.onState("local");
    this.onConflict(problem);
  }

  /** After a conflict: what is here replaces what is there. */
  keepMine(problem) {
    this.seen = problem.version;
    this.stuck = false;
    return this.flush();
  }

  /** The form's fragment with what this device kept, as the server draws it; null when there is nothing to restore. */
  async restored() {
    const copy = this.copyHere();
    if (!copy) return null;
    if (JSON.stringify(copy.entries) === this.first) {
      // Whether the server has it as a draft is not known: asked once more, it says so.
      this.sent = "";
      this.touch();
      return null;
    }
    const body = new URLSearchParams([...copy.entries, ["do", "refresh"], ["draft", this.id], ["draft_seen", copy.seen], ["csrfmiddlewaretoken", csrf()]]);
    const response = await fetch(this.form().action, { method: "POST", body, headers: { "HX-Request": "true", "X-CSRFToken": csrf() } });
    if (signedOut(response) || !response.ok) throw new Error("try again");
    this.seen = copy.seen;
    return new DOMParser().parseFromString(await response.text(), "text/html").getElementById("editor");
  }
}
