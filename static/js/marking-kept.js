// Work of the desk that did not arrive: said, shown line by line, written to a file, and let go only by a person.
import { everyKept } from "./marking-log.js";

const fill = (text, value) => text.replace("{}", value);

/** Shows in `box` what this browser keeps of `person` and, with `paper`, of it; hides the box when it is nothing. */
export async function showKept(box, { person, paper, words, isShown }) {
  const kept = (await everyKept()).filter((one) => one.version == null && one.person === person && (!paper || one.paper === paper) && (isShown?.(one) ?? true));
  const papers = new Map();
  for (const one of kept) papers.set(one.paper, [...(papers.get(one.paper) ?? []), one]);
  box.replaceChildren(...[...papers.values()].map((list) => partOf(list, words, () => showKept(box, { person, paper, words, isShown }))));
  box.hidden = !kept.length;
  return kept.length;
}

function partOf(list, words, again) {
  const part = document.createElement("details");
  const lines = list.map((one) => [one.what, one.stuck?.detail].filter(Boolean).join(" – "));
  part.innerHTML = '<summary></summary><ul></ul><p class="row wrap"><button type="button" class="btn btn--quiet btn--sm"></button><button type="button" class="btn btn--quiet btn--sm"></button></p>';
  part.querySelector("summary").textContent = `${list[0].label}: ${fill(words.kept_n, list.length)}`;
  part.querySelector("ul").append(...lines.map((text) => Object.assign(document.createElement("li"), { textContent: text })));
  const [save, discard] = part.querySelectorAll("button");
  save.textContent = words.kept_save;
  discard.textContent = words.kept_discard;
  save.addEventListener("click", () => {
    const text = [list[0].label, ...lines, "", JSON.stringify(list, null, 1)].join("\n");
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(new Blob([text], { type: "text/plain" })), download: `${list[0].paper.slice(-8)}.txt` });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });
  discard.addEventListener("click", () => {
    if (discard.dataset.sure) { forget(list).then(again); return; }
    discard.dataset.sure = "1"; // a second press: nothing goes by chance
    discard.textContent = words.kept_sure;
  });
  return part;
}

async function forget(list) {
  const open = indexedDB.open("abhyas-desk", 1);
  await new Promise((done) => { open.onsuccess = done; });
  const deal = open.result.transaction("operations", "readwrite"), shelf = deal.objectStore("operations");
  for (const one of list) shelf.delete(one.order);
  await new Promise((done) => { deal.oncomplete = deal.onerror = done; });
  open.result.close();
}
