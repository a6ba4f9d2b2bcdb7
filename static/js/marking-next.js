// While nothing else is to be done: the other pages of this paper, then those of the one after it, and no further.
import { $, pages, root } from "./marking-desk.js";

const idle = window.requestIdleCallback ?? ((run) => setTimeout(run, 500));

export function fetchAhead() {
  if (navigator.connection?.saveData) return;
  const urls = pages.filter((p) => p.state === "ready").map((p) => p.url), scan = $("#scan");
  let { ahead } = root.dataset;
  const go = async () => {
    if (!urls.length && ahead) {
      const reply = await fetch(ahead).catch(() => null);
      ahead = "";
      if (reply?.ok) urls.push(...(await reply.json()).pictures);
    }
    const url = urls.shift();
    if (!url) return;
    const image = new Image();
    image.fetchPriority = "low";
    image.onload = image.onerror = () => idle(go);
    image.src = url;
  };
  if (!pages.some((p) => p.state === "ready") || (scan.complete && scan.naturalWidth)) idle(go);
  else scan.addEventListener("load", () => idle(go), { once: true });
}
