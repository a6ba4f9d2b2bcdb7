// What happens around the answers: connection, page in front, pasting, further tabs. Facts with their times by the
// server's clock (the device's own may be wrong), kept on this device until the server confirms them. Answers never wait for it.
import { readReply } from "./replies.js";
import { csrf, signedOut } from "./signed-in.js";

const TICK = 5000, GAP = 65000, BLINK = 1000, JUMP = 3000; // ms: sign of life; was not open (timers of a hidden page may rest a minute); ignored; a clock that was changed
const SOON = 4000, LATER = 30000, QUIET = 50000, MOST = 50; // ms until told, until told again, until the server is asked; events at once

function openStore() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open("abhyas-flight", 1);
    request.onupgradeneeded = () => {
      request.result.createObjectStore("events", { keyPath: "number", autoIncrement: true });
      request.result.createObjectStore("device");
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
const done = (request) => new Promise((resolve, reject) => { request.onsuccess = () => resolve(request.result); request.onerror = () => reject(request.error); });

/** Keeps events and the device's name; in memory where the browser refuses to store. */
class Shelf {
  constructor() {
    this.memory = [];
    this.last = 0;
    this.opened = openStore().then((store) => this.named(store)).catch(() => this.unstored());
  }
  unstored() { this.store = null; return crypto.randomUUID(); }
  async named(store) {
    this.store = store;
    const shelf = store.transaction("device", "readwrite").objectStore("device");
    const known = await done(shelf.get("id"));
    if (known) return known;
    const id = crypto.randomUUID();
    await done(shelf.put(id, "id"));
    return id;
  }
  async add(event) {
    await this.opened;
    if (this.store) await done(this.store.transaction("events", "readwrite").objectStore("events").add(event));
    else this.memory.push({ ...event, number: ++this.last });
  }
  async of(attempt) {
    await this.opened;
    const all = this.store ? await done(this.store.transaction("events").objectStore("events").getAll()) : this.memory;
    return all.filter((event) => event.attempt === attempt).slice(0, MOST);
  }
  async forget(numbers) {
    if (!this.store) { this.memory = this.memory.filter((event) => !numbers.includes(event.number)); return; }
    const shelf = this.store.transaction("events", "readwrite").objectStore("events");
    for (const number of numbers) shelf.delete(number);
  }
}

/** What this device is, in the words of the server. */
export function deviceKind(agent = navigator.userAgent, touch = navigator.maxTouchPoints) {
  const find = (table) => table.find(([, pattern]) => pattern.test(agent))?.[0] ?? "other";
  const pad = /iPad|Tablet/.test(agent) || (/Macintosh/.test(agent) && touch > 1) || (/Android/.test(agent) && !/Mobile/.test(agent));
  const system = find([["android", /Android/], ["ios", /iPhone|iPad|iPod/], ["windows", /Windows/], ["chromeos", /CrOS/], ["macos", /Macintosh/], ["linux", /Linux/]]);
  return {
    form: pad ? "tablet" : /Mobi|iPhone/.test(agent) ? "phone" : "computer",
    system: system === "macos" && pad ? "ios" : system,
    browser: find([["edge", /Edg/], ["samsung", /SamsungBrowser/], ["firefox", /Firefox|FxiOS/], ["chrome", /Chrome|CriOS/], ["safari", /Safari/]]),
  };
}

export class FlightRecord {
  /** now(): ms by the server's clock. ask(): asks the server how the attempt stands; rejects without a connection.
   * onReply(body): of what was told, which also says how the attempt stands.
   * @param {{attempt: string, url: string, now: () => number, ask: () => Promise<any>, onReply: (body: any) => void}} options */
  constructor({ attempt, url, now, ask, onReply }) {
    Object.assign(this, { attempt, url, now, ask, onReply, spells: {}, timer: null, telling: null, heard: performance.now() });
    this.shelf = new Shelf();
    this.device = this.shelf.opened;
    this.aliveKey = `abhyas-alive-${attempt}`;
    this.quiet = QUIET * (0.8 + Math.random() * 0.4); // so that a hall full of devices does not ask at once
    this.opens();
    this.watch();
  }

  opens() {
    let alive = 0;
    try { alive = Number(localStorage.getItem(this.aliveKey)); } catch { /* then the server's silence tells */ }
    const gap = this.now() - alive;
    if (alive && gap > GAP) this.note("closed", { began: alive, ms: gap });
    this.skew = Math.round(Date.now() - this.now());
    this.note("opened", { ...deviceKind(), skew_ms: this.skew });
    if ("BroadcastChannel" in window) {
      this.channel = new BroadcastChannel(`abhyas-flight-${this.attempt}`);
      this.channel.onmessage = ({ data }) => {
        if (data === "opened") this.channel.postMessage("open already");
        else if (!this.second) { this.second = true; this.note("second_tab"); }
      };
      this.channel.postMessage("opened");
    }
  }

  watch() {
    addEventListener("offline", () => this.lost());
    addEventListener("online", () => this.inquire());
    addEventListener("visibilitychange", () => this.see());
    addEventListener("blur", () => this.see());
    addEventListener("focus", () => this.see());
    addEventListener("pagehide", () => { this.stamp(); this.flush(); });
    document.addEventListener("paste", (event) => {
      const body = event.target.closest?.("[data-question]");
      if (body) this.note("paste", { question: body.dataset.question, characters: event.clipboardData?.getData("text").length ?? 0 });
    });
    setInterval(() => this.tick(), TICK);
    if (!navigator.onLine) this.lost();
    this.see();
    this.stamp();
  }

  tick() {
    this.stamp();
    if (document.hidden && !this.spells.offline) return;
    if (performance.now() - this.heard > (this.spells.offline ? LATER : this.quiet)) this.inquire();
  }

  stamp() {
    try { localStorage.setItem(this.aliveKey, Math.round(this.now())); } catch { /* as above */ }
  }

  async inquire() {
    this.heard = performance.now(); // not again before the answer had its time
    try { await this.ask(); } catch { this.lost(); return; }
    this.reached();
  }

  /** The server could not be reached. */
  lost() { this.begin("offline"); }

  /** The server answered just now, and said what time it is. */
  reached() {
    this.heard = performance.now();
    if (this.spells.offline) { this.end("offline"); this.soon(); }
    const skew = Math.round(Date.now() - this.now());
    if (Math.abs(skew - this.skew) > JUMP) this.note("skew", { skew_ms: skew });
    this.skew = skew;
  }

  see() {
    if (document.hidden) { this.end("unfocused"); this.begin("hidden"); return; }
    this.end("hidden");
    if (document.hasFocus()) this.end("unfocused"); else this.begin("unfocused");
  }

  begin(kind) { this.spells[kind] ??= { began: this.now(), from: performance.now() }; }

  end(kind) {
    const spell = this.spells[kind];
    delete this.spells[kind];
    const ms = spell && performance.now() - spell.from;
    if (ms >= BLINK) this.note(kind, { began: spell.began, ms });
  }

  note(kind, { began = this.now(), ms, ...rest } = {}) {
    const event = { attempt: this.attempt, kind, began_at: new Date(began).toISOString(), ...rest };
    if (ms !== undefined) event.ms = Math.round(ms);
    this.shelf.add(event).catch(() => {});
    this.soon();
  }

  soon(wait = SOON) { this.timer ??= setTimeout(() => this.flush(), wait); }

  /** Tells what is not told yet; what cannot be told now stays on this device. */
  flush() {
    clearTimeout(this.timer);
    this.timer = null;
    this.telling ??= this.tell().catch(() => { this.lost(); this.soon(LATER); }).finally(() => { this.telling = null; });
    return this.telling;
  }

  async tell() {
    const events = (await this.shelf.of(this.attempt)).map(({ attempt: _attempt, ...event }) => event);
    if (!events.length || this.full) return;
    const response = await fetch(this.url, {
      method: "POST", keepalive: true, signal: AbortSignal.timeout?.(10000),
      headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() },
      body: JSON.stringify({ device: await this.device, events }),
    });
    if (response.status >= 500 || response.status === 429) { this.soon(LATER); return; }
    if (signedOut(response) || [403, 404].includes(response.status)) return; // told when the right person is here again
    const { body, problem } = await readReply(response);
    if (!body?.confirmed && !problem) throw new Error("somebody else answered");
    // What the server will never take is let go, so that the rest is not held up.
    await this.shelf.forget(body?.confirmed ?? events.map((event) => event.number));
    if (problem) return;
    this.full = body.is_full;
    this.onReply(body);
    if (events.length === MOST) this.soon(0);
  }
}
