// Answers are written to this device first, then sent until the server confirms them. Newest per question wins.
import { csrf, signedOut } from "./signed-in.js";

const WAITS = [1, 2, 4, 8, 15];

function openStore() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("abhyas-answers", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("answers", { keyPath: ["attempt", "question"] });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export class AnswerOutbox {
  /** onState("saved" | "saving" | "kept" | "signed_out", waiting); onReply(body, entry) for every confirmed save; onClosed(problem). */
  constructor({ attempt, urlFor, onState, onReply, onClosed }) {
    Object.assign(this, { attempt, urlFor, onState, onReply, onClosed });
    this.waiting = new Map();
    this.seqs = new Map();
    this.failures = 0;
    this.sending = null;
    this.store = openStore().catch(() => null); // private windows may refuse; answers are then kept in memory only
    addEventListener("online", () => this.flush());
  }

  /** What this device still holds unsent, for showing it after a reload; what the server has newer is let go. */
  async restore() {
    const store = await this.store;
    if (!store) return [];
    const all = await new Promise((resolve) => {
      const request = store.transaction("answers").objectStore("answers").getAll();
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve([]);
    });
    const unsent = [];
    for (const entry of all) {
      if (entry.attempt !== this.attempt || this.waiting.has(entry.question)) continue; // answered again meanwhile
      if (entry.seq <= (this.seqs.get(entry.question) ?? 0)) { this.forget(entry); continue; }
      this.waiting.set(entry.question, entry);
      this.seqs.set(entry.question, entry.seq);
      unsent.push(entry);
    }
    if (unsent.length) this.flush();
    return unsent;
  }

  put(question, answer, marked, certainty, seconds) {
    const seq = (this.seqs.get(question) ?? 0) + 1;
    this.seqs.set(question, seq);
    const entry = { attempt: this.attempt, question, seq, answer, marked, certainty, seconds };
    this.waiting.set(question, entry);
    this.onState("saving", this.waiting.size);
    return this.keep(entry).then(() => this.flush());
  }

  async keep(entry) {
    const store = await this.store;
    if (!store) return;
    await new Promise((resolve) => {
      const write = store.transaction("answers", "readwrite");
      write.objectStore("answers").put(entry);
      write.oncomplete = write.onerror = write.onabort = resolve;
    });
  }

  async forget(entry) {
    const store = await this.store;
    if (!store) return;
    const shelf = store.transaction("answers", "readwrite").objectStore("answers");
    const key = [entry.attempt, entry.question];
    shelf.get(key).onsuccess = (event) => {
      if (event.target.result && event.target.result.seq <= entry.seq) shelf.delete(key);
    };
  }

  /** Sends what waits, one after the other; resolves when nothing waits or sending has to pause. */
  flush() {
    clearTimeout(this.timer);
    this.sending ??= this.run().finally(() => { this.sending = null; });
    return this.sending;
  }

  async run() {
    while (this.waiting.size) {
      const entry = this.waiting.values().next().value;
      let response;
      try {
        response = await fetch(this.urlFor(entry.question), {
          method: "PUT", keepalive: true, signal: AbortSignal.timeout?.(15000),
          headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() },
          body: JSON.stringify({ seq: entry.seq, answer: entry.answer, marked_for_review: entry.marked, certainty: entry.certainty, seconds: entry.seconds, device: this.device }),
        });
      } catch { return this.pause(); }
      const body = await response.json().catch(() => ({}));
      if (response.status >= 500 || [408, 429].includes(response.status)) return this.pause();
      if (signedOut(response)) return this.pause("signed_out"); // the answer stays here until somebody signs in again
      if ([403, 404].includes(response.status)) { // somebody else signed in: not theirs to send
        if (!this.failures) this.onClosed(body);
        return this.pause();
      }
      this.failures = 0;
      if (response.ok) this.confirm(entry, body);
      else { this.drop(entry); this.onClosed(body); }
    }
    this.onState("saved", 0);
  }

  confirm(entry, body) {
    this.onReply(body, entry);
    if (!body.applied && body.seq >= entry.seq && this.waiting.get(entry.question) === entry) {
      // Another tab or device saved meanwhile; what was chosen here is newer for this person.
      const again = { ...entry, seq: body.seq + 1 };
      this.seqs.set(entry.question, again.seq);
      this.waiting.set(entry.question, again);
      this.keep(again);
      return;
    }
    this.drop(entry);
  }

  drop(entry) {
    if (this.waiting.get(entry.question) === entry) this.waiting.delete(entry.question);
    this.forget(entry);
  }

  pause(state = "kept") {
    const wait = WAITS[Math.min(this.failures++, WAITS.length - 1)];
    this.onState(state, this.waiting.size);
    this.timer = setTimeout(() => this.flush(), wait * 1000);
  }
}
