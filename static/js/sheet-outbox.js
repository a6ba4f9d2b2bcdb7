// Photographed pages: kept on this device first, made ready, announced, uploaded, let go only after the server's receipt.
import { readReply } from "./replies.js";
import { newId, sha256 } from "./sha256.js";
import { csrf, signedOut } from "./signed-in.js";

const WAITS = [1, 2, 4, 8, 15];
const SILENCE = 45000; // a network that swallows a request says nothing for ever

const opened = new Promise((resolve) => {
  const request = indexedDB.open("abhyas-sheets", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("sheets", { keyPath: "id" });
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => resolve(null);
});

async function shelf(mode, action) {
  const store = await opened;
  if (!store) return null;
  return new Promise((resolve) => {
    const deal = store.transaction("sheets", mode);
    const request = action(deal.objectStore("sheets"));
    deal.oncomplete = () => resolve(request?.result ?? null);
    deal.onerror = deal.onabort = () => resolve(null);
  });
}

export class SheetOutbox {
  /**
   * onChange(sheet) after every change of a sheet's state: preparing, captured, sending (with progress 0–1), waiting,
   * verified, refused. `preparer`: a PagePreparer, which straightens photographs before they are sent. `holds`: nothing
   * is sent before `release`.
   */
  constructor({ attempt, announceUrl, doneUrl, preparer, onChange, holds = false }) {
    Object.assign(this, { attempt, announceUrl, doneUrl, preparer, onChange, holds });
    this.sheets = new Map();
    this.failures = 0;
    this.sending = null;
    addEventListener("online", () => this.flush());
  }

  /** Pages a reload or a crash left on this device. */
  async restore() {
    const all = (await shelf("readonly", (s) => s.getAll())) ?? [];
    for (const sheet of all.filter((s) => s.attempt === this.attempt && !this.sheets.has(s.id))) {
      this.sheets.set(sheet.id, { ...sheet, state: sheet.blob ? "captured" : "preparing" });
      this.onChange(this.sheets.get(sheet.id));
      if (!sheet.blob) this.prepare(this.sheets.get(sheet.id));
    }
    this.flush();
  }

  /** Keeps what was taken at once, then makes a page of it: within `corners`, or within those that are found. */
  async add(original, pageNumber, corners = null) {
    const type = original.type || "application/octet-stream";
    const sheet = { id: newId(), attempt: this.attempt, original, type, pageNumber, corners, blob: null, advice: [], state: "preparing" };
    this.sheets.set(sheet.id, sheet);
    await this.keep(sheet);
    this.onChange(sheet);
    await this.prepare(sheet);
    return sheet;
  }

  async prepare(sheet) {
    const made = await this.preparer.prepare(sheet.id, sheet.original, sheet.corners);
    if (!this.sheets.has(sheet.id)) return; // taken out meanwhile
    const blob = made?.page ?? sheet.original;
    Object.assign(sheet, {
      blob, size: blob.size, type: made?.page ? blob.type : sheet.type, sha256: await sha256(blob),
      corners: made?.corners ?? null, advice: made?.advice ?? [], likeness: made?.likeness ?? "",
    });
    await this.keep(sheet);
    this.set(sheet, { state: "captured" });
    this.flush();
  }

  keep(sheet) { return shelf("readwrite", (s) => s.put({ ...sheet, request: undefined })); }

  async drop(id) {
    this.sheets.get(id)?.request?.abort();
    this.sheets.delete(id);
    await shelf("readwrite", (s) => s.delete(id));
  }

  /** The person wants it sent: now, or as soon as there is a network, also after a reload. */
  async release(sheet) {
    sheet.released = true;
    await this.keep(sheet);
    return this.flush();
  }

  /** Nothing of this is wanted any more. */
  async forget() {
    const all = (await shelf("readonly", (s) => s.getAll())) ?? [];
    for (const sheet of all.filter((s) => s.attempt === this.attempt)) await this.drop(sheet.id);
  }

  get unsent() { return [...this.sheets.values()].filter((s) => !["verified", "refused"].includes(s.state)); }

  flush() {
    clearTimeout(this.timer);
    this.sending ??= this.run().finally(() => { this.sending = null; });
    return this.sending;
  }

  async run() {
    for (let sheet; (sheet = this.unsent.find((s) => s.blob && (s.released || !this.holds))); ) {
      try {
        const problem = await this.send(sheet);
        this.failures = 0;
        if (problem) this.set(sheet, { state: "refused", message: problem });
        else this.set(sheet, { state: "verified" });
        await shelf("readwrite", (s) => s.delete(sheet.id));
      } catch {
        if (!this.sheets.has(sheet.id)) continue; // taken out while it was being sent
        this.set(sheet, { state: "waiting" });
        this.sheets.delete(sheet.id); // to the end of the queue: one page that does not go must not hold up the others
        this.sheets.set(sheet.id, sheet);
        this.timer = setTimeout(() => this.flush(), WAITS[Math.min(this.failures++, WAITS.length - 1)] * 1000);
        return;
      }
    }
  }

  set(sheet, change) { Object.assign(sheet, change); this.onChange(sheet); }

  /** Returns a sentence when the server refuses the sheet for good; throws when it is worth trying again. */
  async send(sheet) {
    this.set(sheet, { state: "sending", progress: 0 });
    const announced = await this.post(this.announceUrl, {
      client_id: sheet.id, page_number: sheet.pageNumber, sha256: sheet.sha256, size: sheet.size, content_type: sheet.type,
    });
    if (announced.problem) return announced.problem;
    if (announced.body.upload) await this.upload(sheet, announced.body.upload);
    const received = await this.post(this.doneUrl(sheet.id), {});
    if (!received.problem && received.body.sha256 !== sheet.sha256) throw new Error("no receipt of this page");
    return received.problem;
  }

  async post(url, body) {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), SILENCE);
    const response = await fetch(url, {
      method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() }, body: JSON.stringify(body),
      signal: late.signal,
    }).catch((error) => { clearTimeout(timer); throw error; });
    const { body: answer, problem } = await readReply(response);
    clearTimeout(timer);
    if (signedOut(response)) throw new Error("signed out");
    if (answer) return { body: answer };
    if (!problem) throw new Error("half an answer, or somebody else's");
    // Signed out (401), or somebody else signed in (403, 404), says nothing about the page: it stays on this device until somebody signs in again.
    if (response.status >= 500 || [403, 404, 408, 429].includes(response.status) || problem.code === "sheet_missing") throw new Error("try again");
    return { problem: problem.detail };
  }

  upload(sheet, { url, fields }) {
    return new Promise((resolve, reject) => {
      const form = new FormData();
      for (const [name, value] of Object.entries(fields)) form.append(name, value);
      form.append("file", sheet.blob);
      const request = new XMLHttpRequest();
      sheet.request = request;
      request.open("POST", url);
      let timer;
      const listen = () => { clearTimeout(timer); timer = setTimeout(() => request.abort(), SILENCE); };
      request.upload.onprogress = (event) => { listen(); this.set(sheet, { progress: event.loaded / event.total }); };
      request.onload = () => (request.status < 300 ? resolve() : reject(new Error(request.statusText)));
      request.onerror = request.onabort = () => reject(new Error("network"));
      request.onloadend = () => clearTimeout(timer);
      listen();
      request.send(form);
    });
  }
}
