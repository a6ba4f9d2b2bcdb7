// Answers are written to this device first, then sent until the server confirms them. The later choice wins.
import { readReply } from "./replies.js";
import { csrf, signedOut } from "./signed-in.js";

const WAITS = [1, 2, 4, 8, 15];
const OVER = ["time_up", "already_submitted", "attempt_cancelled"];
const STORING = 3000; // ms: a device that takes longer to keep an answer does not hold up the sending
const KEPT_MS = 60 * 86400e3; // what came too late in another attempt is let go after this

function openStore() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("abhyas-answers", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("answers", { keyPath: ["attempt", "question"] });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

export class AnswerOutbox {
  /**
   * now(): ms by the server's clock, as far as it is known; isSure(): whether the server said it to this page, and
   * ask() asks. numberOf(question): what the student calls it. onState("saved" | "saving" | "kept" | "signed_out" | "late",
   * waiting). onReply(receipt, entry) for every receipt. onRefused(problem) when the server will never take an answer.
   * onLate(problem, entries) when the attempt is over: they stay on this device. onOverruled(entry) when a later choice
   * of another tab or device stands. onElsewhere(entry) when another tab of this browser chose something now.
   */
  constructor({ attempt, urlFor, now, isSure, ask, numberOf, onState, onReply, onRefused, onLate, onOverruled, onElsewhere }) {
    Object.assign(this, { attempt, urlFor, now, isSure, ask, numberOf, onState, onReply, onRefused, onLate, onOverruled, onElsewhere });
    this.waiting = new Map();
    this.seqs = new Map(); // the largest number known of a question
    this.stored = new Map(); // the largest that the server has
    this.resting = new Map(); // until when a question that is being typed is not sent, by performance.now()
    this.failures = 0;
    this.sending = this.over = null;
    this.store = openStore().catch(() => null); // private windows may refuse; answers are then kept in memory only
    addEventListener("online", () => this.flush());
    if (!("BroadcastChannel" in window)) return;
    this.channel = new BroadcastChannel(`abhyas-answers-${attempt}`);
    this.channel.onmessage = ({ data }) => this.hear(data);
  }

  /** A choice in another tab, which keeps and sends it. */
  hear(entry) {
    if (entry.seq <= (this.seqs.get(entry.question) ?? 0)) return;
    this.know(entry.question, entry.seq);
    this.waiting.delete(entry.question);
    this.onElsewhere(entry);
  }

  /** What this device still holds unsent, for showing it after a reload; what the server has newer is let go. */
  async restore() {
    const unsent = [];
    for (const entry of await this.kept()) {
      if (entry.attempt !== this.attempt) {
        if (entry.seq > 1e12 && entry.seq < this.now() - KEPT_MS) this.forget(entry);
        continue;
      }
      if (this.waiting.get(entry.question)?.seq >= entry.seq) continue; // answered again meanwhile
      if (entry.seq <= (this.stored.get(entry.question) ?? 0)) { this.forget(entry); continue; }
      this.waiting.set(entry.question, entry);
      this.know(entry.question, entry.seq);
      unsent.push(entry);
    }
    this.settle();
    if (unsent.length) this.flush();
    return unsent;
  }

  async kept() {
    try {
      const request = (await this.store).transaction("answers").objectStore("answers").getAll();
      return await new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = reject; });
    } catch { return []; }
  }

  know(question, seq) { this.seqs.set(question, Math.max(this.seqs.get(question) ?? 0, seq)); }

  has(question, seq) {
    this.stored.set(question, Math.max(this.stored.get(question) ?? 0, seq));
    this.know(question, seq);
  }

  /** The number of a choice made now. */
  next(question) {
    this.know(question, Math.max(Math.floor(this.now()), (this.seqs.get(question) ?? 0) + 1));
    return this.seqs.get(question);
  }

  /** A choice made while the server's time was guessed, by a device whose clock may be wrong, is numbered by what is known
   * now; that of a page that is gone at least not by the future. */
  renumber(entry) {
    if (!entry.guess) return;
    const { page, at, after } = entry.guess, ago = page === performance.timeOrigin ? performance.now() - at : 0;
    const seq = Math.floor(this.now() - ago);
    entry.seq = Math.max(after + 1, ago ? seq : Math.min(seq, entry.seq));
    delete entry.guess;
    if (this.waiting.get(entry.question) === entry) this.seqs.set(entry.question, entry.seq);
    this.keep(entry, "relaxed"); // or the guess, there, would be above a later choice
  }

  settle() { if (this.isSure()) for (const entry of this.waiting.values()) this.renumber(entry); }

  /** Keeps at once, and sends after `rest` ms without a further change. */
  async put(question, answer, marked, certainty, seconds, rest = 0) {
    this.settle();
    const after = this.seqs.get(question) ?? 0;
    const page = performance.timeOrigin, at = performance.now(), id = `${page}+${at}`;
    const entry = { id, attempt: this.attempt, question, number: this.numberOf(question), seq: this.next(question), answer, marked, certainty, seconds };
    if (!this.isSure()) entry.guess = { page, at, after };
    this.waiting.set(question, entry);
    this.resting.set(question, performance.now() + rest);
    this.channel?.postMessage(entry);
    this.onState("saving", this.waiting.size);
    await Promise.race([this.keep(entry, rest ? "relaxed" : "strict"), new Promise((done) => { setTimeout(done, STORING); })]);
    return rest ? this.soon(rest) : this.flush();
  }

  keep(entry, durability) {
    return this.change(entry, durability, (shelf, key, stored) => { if (!(stored?.seq > entry.seq) || stored.id === entry.id) shelf.put(entry); });
  }

  forget(entry) {
    return this.change(entry, "relaxed", (shelf, key, stored) => { if (stored?.seq <= entry.seq || stored?.id === entry.id) shelf.delete(key); });
  }

  /** Another tab shares the store, so what is there is looked at first. A device that cannot store still sends. */
  async change(entry, durability, action) {
    try {
      const deal = (await this.store).transaction("answers", "readwrite", { durability });
      const shelf = deal.objectStore("answers"), key = [entry.attempt, entry.question];
      shelf.get(key).onsuccess = (event) => { action(shelf, key, event.target.result); deal.commit?.(); };
      await new Promise((resolve) => { deal.oncomplete = deal.onerror = deal.onabort = resolve; });
    } catch { /* kept in memory */ }
  }

  soon(ms) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), ms);
  }

  /** What is still being typed goes too. */
  flushAll() {
    this.resting.clear();
    return this.flush();
  }

  /** Sends what waits, one after the other; resolves when nothing waits or sending has to pause. */
  flush() {
    clearTimeout(this.timer);
    this.sending ??= this.run().finally(() => { this.sending = null; });
    return this.sending;
  }

  rest(entry) { return (this.resting.get(entry.question) ?? 0) - performance.now(); }

  async run() {
    if (this.waiting.size && !this.isSure()) {
      try { await this.ask(); } catch { /* not reached */ }
      if (!this.isSure()) return this.pause();
    }
    this.settle();
    for (let entry; !this.over && (entry = [...this.waiting.values()].find((one) => this.rest(one) <= 0)); ) {
      let response, said;
      try {
        response = await fetch(this.urlFor(entry.question), {
          method: "PUT", keepalive: true, signal: AbortSignal.timeout?.(15000),
          headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() },
          body: JSON.stringify({ seq: entry.seq, answer: entry.answer, marked_for_review: entry.marked, certainty: entry.certainty, seconds: entry.seconds, device: this.device }),
        });
        said = await readReply(response);
      } catch { return this.pause(entry); }
      const { body, problem } = said;
      if (body?.question === entry.question && Number.isSafeInteger(body.seq) && typeof body.applied === "boolean") {
        signedOut(response);
        this.failures = 0;
        this.confirm(entry, body);
      } else if (OVER.includes(problem?.code)) {
        this.over = problem;
      } else if ([409, 422].includes(response.status) && problem) {
        this.failures = 0;
        this.drop(entry);
        this.onRefused(problem);
      } else { // not reached, or nobody's fault: the answer stays here
        if ((problem?.status === 401 || response.redirected) && signedOut(response)) return this.pause(entry, "signed_out");
        if (problem && [403, 404].includes(response.status) && !this.failures) this.onRefused(problem); // somebody else signed in
        return this.pause(entry);
      }
    }
    if (this.over && this.waiting.size) {
      this.onState("late", this.waiting.size);
      this.onLate(this.over, [...this.waiting.values()]);
    } else if (this.waiting.size) this.soon(Math.max(0, Math.min(...[...this.waiting.values()].map((one) => this.rest(one)))));
    else this.onState("saved", 0);
  }

  confirm(entry, receipt) {
    const known = this.seqs.get(entry.question) ?? 0, isLast = this.waiting.get(entry.question) === entry;
    this.has(entry.question, receipt.seq);
    this.onReply(receipt, entry);
    if (!receipt.applied && receipt.seq === entry.seq && isLast) { // another tab chose in the same millisecond
      const again = { ...entry, seq: this.next(entry.question) };
      this.waiting.set(entry.question, again);
      this.keep(again, "strict");
      return;
    }
    this.drop(entry);
    if (!receipt.applied && receipt.seq > known && isLast) this.onOverruled(entry);
  }

  drop(entry) {
    if (this.waiting.get(entry.question) === entry) this.waiting.delete(entry.question);
    this.forget(entry);
  }

  /** Tries again later, with another answer first: one that does not go must not hold up the others. */
  pause(entry, state = "kept") {
    if (entry && this.waiting.get(entry.question) === entry) { this.waiting.delete(entry.question); this.waiting.set(entry.question, entry); }
    this.onState(state, this.waiting.size);
    this.soon(WAITS[Math.min(this.failures++, WAITS.length - 1)] * 1000);
  }
}
