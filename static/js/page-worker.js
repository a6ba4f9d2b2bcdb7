// Beside the page: finds the sheet in a photograph, straightens it to A4 at 200 dpi, says what to look at.
// Asked {id, blob, corners?}; answers {id, page, corners, advice, likeness}: `page` is the straightened JPEG, null where no
// sheet was found; corners given by the person are taken as they are. {id, failed: true}: no picture that can be read here.
// Asked {id, frame}, a picture of the camera, it answers {id, corners} only.
import { COARSE, FINE, findPage, refine, sizeOf, straighten } from "./page-finder.js";
import { adviceOn, likeness } from "./page-quality.js";

const SOURCE = 3200; // pixels of the long side are enough for 200 dpi
const LOOKED_AT = 2000; // the size at which the server measures sharpness

function pixels(picture, long) {
  const scale = Math.min(1, long / Math.max(picture.width, picture.height));
  const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

function found(photo) {
  const coarse = findPage(pixels(photo, COARSE));
  return coarse && refine(pixels(photo, FINE), coarse.corners);
}

async function prepare({ blob, corners }) {
  const photo = await createImageBitmap(blob);
  const quad = corners ?? found(photo);
  if (!quad) {
    const whole = pixels(photo, LOOKED_AT);
    return { page: null, corners: null, advice: adviceOn(whole, null), likeness: likeness(whole) };
  }
  const source = pixels(photo, SOURCE);
  const flat = straighten(source, quad, ...sizeOf(source, quad));
  const canvas = new OffscreenCanvas(flat.width, flat.height);
  canvas.getContext("2d").putImageData(new ImageData(flat.data, flat.width, flat.height), 0, 0);
  const page = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.85 });
  const looked = pixels(canvas, LOOKED_AT);
  return { page, corners: quad, advice: adviceOn(looked, quad), likeness: likeness(looked) };
}

let last = Promise.resolve(); // one photograph at a time: each takes a hundred megabytes while it is worked on
async function glance(frame) {
  const coarse = findPage(pixels(frame, COARSE));
  frame.close();
  return { corners: coarse?.corners ?? null };
}

addEventListener("message", ({ data }) => {
  last = last.then(() => (data.frame ? glance(data.frame) : prepare(data))).then(
    (answer) => postMessage({ id: data.id, ...answer }),
    () => postMessage({ id: data.id, failed: true }),
  );
});
