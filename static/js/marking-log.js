// The log of the desk: every change is an operation with an id of its own, kept in this browser before it is sent, sent in
// order, as often as it takes, and let go when the server's receipt for it has been read. Tabs of one browser share it.
import { readReply } from "./replies.js";
import { newId } from "./sha256.js";
import { csrf, signedOut } from "./signed-in.js";

const WAITS = [1, 2, 4, 8, 15]; // s
const QUIET = 250; // ms without a further change before sending
const STORING = 3000; // ms: a browser that takes longer to keep a change does not hold up the sending
const TIMEOUT = 15000;
const MOST = 40, MOST_TEXT = 150_000; // operations and characters of one request
const ALONE = 5000; // ms after which a change of a tab that did not keep it is sent by whoever heard of it
const RECEIPTED_MS = 3600e3; // a page that was asked for before a receipt came may be shown after it

function openStore() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("abhyas-desk", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("operations", { keyPath: "order", autoIncrement: true });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** All operations that this browser keeps, of every paper and person. Private windows may refuse: []. */
export async function everyKept(store = openStore()) {
  try {
    const request = (await store).transaction("operations").objectStore("operations").getAll();
    return await new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = reject; });
  } catch { return []; }
}

export class OperationLog {
  /**
   * An operation is {id, key, what, body}: `key` names what it changes, `body` is {after, mark} or {after, ink} as the server
   * takes it, with the operation or the version it starts from; `what` says it in words. `label`: the paper, in words. `sends` false: only keeps.
   * onState("saved" | "saving" | "kept" | "signed_out", waiting), onHeard({add, drop}) what another tab did,
   * onSettled([[operation, receipt], …]) here or in another tab, onStuck(problem) when the paper takes nothing any more.
   */
  constructor({ paper, person, label, url, sends = true, onState = () => {}, onHeard = () => {}, onSettled = () => {}, onStuck = () => {} }) {
    Object.assign(this, { paper, person, label, url, sends, onState, onHeard, onSettled, onStuck });
    this.waiting = new Map(); // id → operation without a receipt
    this.asked = new Set(); // keys in conflict: nothing is sent of them until somebody has chosen
    this.failures = 0;
    this.most = MOST;
    this.sending = null;
    this.stuck = null;
    this.store = openStore();
    this.store.catch(() => {});
    addEventListener("online", () => this.flush());
    addEventListener("focus", () => { if (this.waiting.size) this.flush(); });
    addEventListener("pagehide", () => this.flush());
    if (!("BroadcastChannel" in window)) return;
    this.channel = new BroadcastChannel(`abhyas-desk-${paper}-${person}`);
    this.channel.onmessage = ({ data }) => this.hear(data);
  }

  get clean() { return !this.waiting.size; }

  hear({ add = [], drop = [], settled = [], problem }) {
    for (const id of drop) this.waiting.delete(id);
    for (const one of add) this.waiting.set(one.id, one);
    if (drop.length || add.length) this.onHeard({ add, drop });
    if (settled.length) this.settle(settled);
    if (problem) { this.stuck = problem; this.onStuck(problem); }
    this.say(this.clean ? "saved" : "saving");
  }

  say(state) { this.onState(state, this.waiting.size); }

  /** What this browser keeps of the paper, in order: with `version` those the server has. `known(key)`: the version of
   * the page as it was asked for; receipts up to it are let go. */
  async restore(known) {
    const own = (await everyKept(this.store)).filter((one) => one.paper === this.paper && one.person === this.person);
    const past = own.filter((one) => one.version != null && (one.version <= known(one.key) || one.at < Date.now() - RECEIPTED_MS));
    const left = own.filter((one) => !past.includes(one));
    // The paper may be the person's again; what was refused is not asked for a second time.
    const again = this.sends ? left.filter((one) => one.stuck?.paper) : [];
    for (const one of again) delete one.stuck;
    await this.write((shelf) => { for (const one of past) shelf.delete(one.order); for (const one of again) shelf.put(one); });
    for (const one of left) if (one.version == null && !one.stuck && !this.waiting.has(one.id)) this.waiting.set(one.id, one);
    if (this.waiting.size) this.flush();
    return left;
  }

  /** Keeps changes and sends them soon; of `drop` (ids) nothing stays. Returns the operations. */
  add(changes, drop = []) {
    const add = changes.map((one) => ({ id: newId(), at: Date.now(), paper: this.paper, person: this.person, label: this.label, url: this.url, ...one }));
    for (const id of drop) this.waiting.delete(id);
    for (const one of add) this.waiting.set(one.id, one);
    this.channel?.postMessage({ add, drop });
    this.say("saving");
    this.keeping = this.keep(add, drop);
    return add;
  }

  async keep(add, drop) {
    const gone = drop.length ? (await everyKept(this.store)).filter((one) => drop.includes(one.id)).map((one) => one.order) : [];
    const kept = this.write((shelf) => {
      for (const order of gone) shelf.delete(order);
      for (const one of add) shelf.add(one).onsuccess = (event) => { one.order = event.target.result; };
    });
    const slow = new Promise((done) => { setTimeout(() => done(false), STORING); });
    // What could not be kept is sent from memory.
    if (!(await Promise.race([kept, slow]))) for (const one of add) one.order ??= Infinity;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), QUIET);
  }

  /** One transaction; whether it was stored. */
  async write(action) {
    try {
      const deal = (await this.store).transaction("operations", "readwrite", { durability: "strict" });
      action(deal.objectStore("operations"));
      deal.commit?.();
      return await new Promise((resolve) => { deal.oncomplete = () => resolve(true); deal.onerror = deal.onabort = () => resolve(false); });
    } catch { return false; }
  }

  /** Sends what waits, by one tab at a time; resolves when nothing waits or sending has to pause. */
  flush() {
    clearTimeout(this.timer);
    if (this.stuck || !this.sends) return Promise.resolve();
    const run = () => this.run();
    this.sending ??= (navigator.locks ? navigator.locks.request(`abhyas-desk-${this.paper}`, run) : run()).catch(() => this.pause())
      .finally(() => { this.sending = null; });
    return this.sending;
  }

  /** What to send next: of this tab, of others, and of those that are gone. */
  async next() {
    await this.keeping;
    const kept = (await everyKept(this.store)).filter((one) => one.paper === this.paper && one.person === this.person);
    const byId = new Map(kept.map((one) => [one.id, one]));
    const sent = [...this.waiting.values()].filter((one) => byId.get(one.id)?.version != null); // by a tab that was not heard
    if (sent.length) this.settle(sent.map((one) => [one, { outcome: "applied", version: byId.get(one.id).version, current: null }]));
    const memory = [...this.waiting.values()].filter((one) => !byId.has(one.id) && (one.order === Infinity || one.at < Date.now() - ALONE));
    const left = [...kept, ...memory].filter((one) => one.version == null && !one.stuck && !this.asked.has(one.key));
    let size = 0;
    return left.slice(0, this.most).filter((one, i) => { size += JSON.stringify(one.body).length; return !i || size < MOST_TEXT; });
  }

  async run() {
    for (let batch; (batch = await this.next()).length && !this.stuck; ) {
      const text = JSON.stringify({ person: this.person, operations: batch.map(({ id, body }) => ({ id, ...body })) });
      let response, said;
      try {
        // A browser refuses to keep more than 64 KB alive beyond the page; long strokes are more.
        response = await fetch(this.url, {
          method: "POST", keepalive: text.length < 20000, signal: AbortSignal.timeout?.(TIMEOUT),
          headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() }, body: text,
        });
        said = await readReply(response);
      } catch { return this.pause(); }
      const receipts = new Map((said.body?.receipts ?? []).map((one) => [one.id, one]));
      const settled = batch.filter((one) => receipts.has(one.id)).map((one) => [one, receipts.get(one.id)]);
      if (settled.length) {
        signedOut(response);
        this.failures = 0;
        this.most = MOST;
        this.settle(settled);
        this.channel?.postMessage({ settled });
        await this.note(settled);
      } else if (!(await this.refused(response, said.problem, batch))) return;
    }
    if (!this.stuck) this.say(this.clean ? "saved" : "kept");
  }

  /** Whether to go on at once after an answer without receipts. */
  async refused(response, problem, batch) {
    if ((problem?.status === 401 || response.redirected) && signedOut(response)) { this.pause("signed_out"); return false; }
    if (!problem || problem.status === 429 || problem.status >= 500 || problem.code === "other_person") { this.pause(); return false; }
    if ([403, 404, 409].includes(problem.status)) { await this.strand(problem); return false; }
    if (batch.length > 1) { this.most = 1; return true; } // one of them is too much for the server: which?
    const settled = [[batch[0], { id: batch[0].id, outcome: "refused", version: 0, current: null, code: problem.code, detail: problem.detail }]];
    this.settle(settled);
    this.channel?.postMessage({ settled });
    await this.note(settled);
    return true;
  }

  settle(settled) {
    for (const [one, { outcome }] of settled) {
      if (outcome === "conflict") { if (this.waiting.has(one.id)) this.asked.add(one.key); }
      else this.waiting.delete(one.id);
    }
    this.onSettled(settled);
  }

  /** Somebody has chosen between two versions. */
  chosen(key) { this.asked.delete(key); }

  async note(settled) {
    const done = settled.filter(([one, { outcome }]) => outcome !== "conflict" && one.order !== Infinity);
    await this.write((shelf) => {
      for (const [one, { outcome, version, code, detail }] of done) shelf.put(outcome === "applied" ? { ...one, version } : { ...one, stuck: { code, detail } });
    });
  }

  /** The paper takes nothing from this person now: everything stays here, and is shown. */
  async strand(problem) {
    this.stuck = problem;
    const stuck = { paper: true, code: problem.code, detail: problem.detail };
    const kept = (await everyKept(this.store)).filter((one) => this.waiting.has(one.id));
    await this.write((shelf) => { for (const one of kept) shelf.put({ ...one, stuck }); });
    this.channel?.postMessage({ problem });
    this.say("kept");
    this.onStuck(problem);
  }

  pause(state = "kept") {
    this.say(state);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), WAITS[Math.min(this.failures++, WAITS.length - 1)] * 1000);
  }
}
