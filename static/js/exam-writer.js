// Who writes: one tab of a browser, by a lock of the browser, and one device of a student, by the server's word. Any
// other says so and only reads, until somebody presses "Write here instead".
const PATIENCE = 500; // ms in which the tab before, when this page was reloaded, gives its lock back

export class ExamWriter {
  /** onChange(writes, where) when this page begins or stops to be the one; where: "tab" or "device" that writes instead.
   * onTake(): the student says that this device writes from now on.
   * @param {{attempt: string, onChange: (writes: boolean, where: string) => void, onTake: () => void}} options */
  constructor({ attempt, onChange, onTake }) {
    Object.assign(this, { name: `abhyas-write-${attempt}`, onChange, onTake, tab: true, device: true, writes: true, telling: 0 });
    if (!navigator.locks) return;
    let held = false;
    this.hold({}, () => { held = true; });
    setTimeout(() => { if (!held) this.set({ tab: false }); }, PATIENCE);
  }

  /** Holds the lock until the page is gone or another tab takes it, and then waits in line for it. */
  hold(options, onHeld) {
    navigator.locks.request(this.name, options, () => {
      onHeld?.();
      this.set({ tab: true });
      return new Promise(() => {});
    }).catch(() => { this.set({ tab: false }); this.hold({}); });
  }

  /** What the server says: which device writes. Not while it has not heard that this one was taken. */
  hear(writer, own) {
    if (own && writer !== undefined && !this.telling) this.set({ device: !writer || writer === own });
  }

  take() {
    if (!this.tab) this.hold({ steal: true });
    if (this.device) return;
    this.telling = 2;
    this.set({ device: true });
    this.onTake();
  }

  /** The server answered what was told to it; the first answer may be to what was told before. */
  told(isTaken) { this.telling = isTaken ? 0 : Math.max(0, this.telling - 1); }

  set(change) {
    Object.assign(this, change);
    const writes = this.tab && this.device;
    if (writes === this.writes && writes) return;
    this.writes = writes;
    this.onChange(writes, this.tab ? "device" : "tab");
  }
}
