// The server's clock, kept with the monotonic timer so that a wrong or changed device clock does not matter.
const MARKS = [30, 10, 5, 1];

export class ExamClock {
  /** isGuess: the page was kept on this device, so `serverNow` is what the device makes of it; `sure` after the server's word.
   * @param {{endsAt: string, serverNow: string, isGuess: boolean, onTick: Function, onMark: Function, onMore: Function, onEnd: Function}} options */
  constructor({ endsAt, serverNow, isGuess, onTick, onMark, onMore, onEnd }) {
    Object.assign(this, { onTick, onMark, onMore, onEnd, ended: false, sure: false });
    this.sync(serverNow, endsAt);
    this.sure = !isGuess;
    this.said = new Set(MARKS.filter((minutes) => this.left() <= minutes * 60));
    this.timer = setInterval(() => this.tick(), 500);
    this.tick();
  }

  /** Takes the server's word for now and for the end (extra time may have been given). */
  sync(serverNow, endsAt) {
    const now = Date.parse(serverNow);
    if (Number.isNaN(now)) return;
    // The server's word is old by its way here; the one that came fastest is the best.
    this.offset = Math.max(this.sure ? this.offset : -Infinity, now - performance.now());
    this.sure = true;
    const before = this.end, minutes = Math.round((Date.parse(endsAt) - before) / 60000);
    this.end = Date.parse(endsAt);
    if (!(minutes > 0)) return;
    this.said = new Set(MARKS.filter((mark) => this.left() <= mark * 60)); // those are said again when they come
    this.onMore(minutes);
    this.tick();
  }

  /** Milliseconds by the server's clock. */
  now() { return performance.now() + this.offset; }

  /** Whole seconds left, never negative. */
  left() {
    return Math.max(0, Math.floor((this.end - performance.now() - this.offset) / 1000));
  }

  tick() {
    const left = this.left();
    this.onTick(left);
    for (const minutes of MARKS) {
      if (left <= minutes * 60 && !this.said.has(minutes)) {
        this.said.add(minutes);
        this.onMark(minutes);
      }
    }
    if (left > 0) this.ended = false;
    else if (!this.ended) { this.ended = true; this.onEnd(); }
  }
}

export function clockText(seconds) {
  const h = Math.floor(seconds / 3600), m = Math.floor(seconds / 60) % 60, s = seconds % 60;
  const two = (n) => String(n).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
