// Asks the worker beside the page; where there is none, or it does not answer in time, photographs go as they were taken.
const PATIENCE = 30000;

export class PagePreparer {
  constructor(url) {
    this.asked = new Map();
    try {
      this.worker = typeof OffscreenCanvas === "function" ? new Worker(url, { type: "module" }) : null;
    } catch { this.worker = null; }
    if (!this.worker) return;
    this.worker.onmessage = ({ data }) => this.settle(data.id, data.failed ? null : data);
    this.worker.onerror = () => { this.worker = null; for (const id of [...this.asked.keys()]) this.settle(id, null); };
  }

  /** {page, corners, advice, likeness} of a photograph, or null when nothing could be done with it. */
  prepare(id, blob, corners) {
    if (!this.worker || !/^image\//.test(blob.type)) return Promise.resolve(null);
    return this.ask({ id, blob, corners });
  }

  /** The corners of the sheet in a frame of the camera, or null. */
  async look(frame) {
    if (!this.worker) return null;
    return (await this.ask({ id: "frame", frame }, [frame]))?.corners ?? null;
  }

  ask(message, transfer = []) {
    return new Promise((resolve) => {
      this.asked.set(message.id, { resolve, timer: setTimeout(() => this.settle(message.id, null), PATIENCE) });
      this.worker.postMessage(message, transfer);
    });
  }

  settle(id, answer) {
    const asked = this.asked.get(id);
    if (!asked) return;
    clearTimeout(asked.timer);
    this.asked.delete(id);
    asked.resolve(answer);
  }
}
