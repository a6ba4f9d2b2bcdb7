// The camera within the page: Android may end a page that waits behind the camera app. Shows where the sheet is found.
const LOOK_EVERY = 350; // ms

export function hasCamera() {
  return Boolean(navigator.mediaDevices?.getUserMedia);
}

export class PageCamera {
  /** dialog: with a video, an svg polygon, [data-camera=shoot|done], [data-camera-said]; onShot(blob) for every photograph. */
  constructor({ dialog, preparer, words, onShot }) {
    Object.assign(this, { dialog, preparer, words, onShot });
    this.video = dialog.querySelector("video");
    this.outline = dialog.querySelector("polygon");
    this.said = dialog.querySelector("[data-camera-said]");
    this.shutter = dialog.querySelector("[data-camera=shoot]");
    this.shutter.addEventListener("click", () => this.shoot());
    dialog.querySelector("[data-camera=done]").addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => this.stop());
    document.addEventListener("visibilitychange", () => { if (document.hidden && dialog.open) dialog.close(); });
  }

  /** Opens the camera; false when there is none or it may not be used. */
  async open() {
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        audio: false, video: { facingMode: { ideal: "environment" }, width: { ideal: 4096 }, height: { ideal: 4096 } },
      });
    } catch { return false; }
    this.video.srcObject = this.stream;
    this.taken = 0;
    this.said.textContent = "";
    this.dialog.showModal();
    await this.video.play().catch(() => {});
    this.shutter.focus();
    this.look();
    return true;
  }

  stop() {
    clearTimeout(this.timer);
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = this.video.srcObject = null;
    this.outline.setAttribute("points", "");
  }

  async look() {
    if (!this.stream) return;
    const { videoWidth: width, videoHeight: height } = this.video;
    const corners = width ? await this.preparer.look(await createImageBitmap(this.video)).catch(() => null) : null;
    if (!this.stream) return;
    this.outline.ownerSVGElement.setAttribute("viewBox", `0 0 ${width || 1} ${height || 1}`);
    this.outline.setAttribute("points", (corners ?? []).map(([x, y]) => `${x * width},${y * height}`).join(" "));
    this.timer = setTimeout(() => this.look(), LOOK_EVERY);
  }

  async shoot() {
    if (this.shutter.getAttribute("aria-busy") === "true") return;
    this.shutter.setAttribute("aria-busy", "true");
    try {
      this.onShot(await this.photograph());
      this.said.textContent = this.words.taken.replace("{}", ++this.taken);
    } catch { this.said.textContent = this.words.failed; }
    this.shutter.removeAttribute("aria-busy");
  }

  /** The sensor's full picture where the browser gives it, else the frame that is shown. */
  async photograph() {
    const [track] = this.stream.getVideoTracks();
    if (window.ImageCapture) {
      const late = new Promise((_resolve, reject) => { setTimeout(() => reject(new Error("late")), 3000); });
      try { return await Promise.race([new ImageCapture(track).takePhoto(), late]); } catch { /* the frame then */ }
    }
    const canvas = document.createElement("canvas");
    canvas.width = this.video.videoWidth;
    canvas.height = this.video.videoHeight;
    canvas.getContext("2d").drawImage(this.video, 0, 0);
    return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("empty"))), "image/jpeg", 0.92));
  }
}
