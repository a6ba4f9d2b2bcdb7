// To compare with: the student's earlier marks, and questions that look blank.
import { $, addressOf, data, fill, now, root, words } from "./marking-desk.js";
import { marksText } from "./marking-ink.js";
import { isMarked } from "./marking-scheme.js";
import { signedOut } from "./signed-in.js";
import { givenAtOnce, marks, steps } from "./marking-work.js";

export async function ask(url, id) {
  const response = await fetch(addressOf(url, id)).catch(() => null);
  return response && !signedOut(response) && response.ok ? response.json().catch(() => null) : null;
}
export const line = (...parts) => { const item = document.createElement("li"); item.append(...parts); return item; };
export const small = (text) => Object.assign(document.createElement("span"), { className: "sub", textContent: text });

/* --- Earlier marks: a fold, read when it is opened --- */
const fold = $("#earlier");
let shown = null;
async function showEarlier() {
  if (!fold.open || shown === now.question.id) return;
  const { id } = now.question, list = $("ul", fold);
  shown = id;
  const answer = await ask(root.dataset.earlier, id);
  if (shown !== id) return;
  const day = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium" });
  list.replaceChildren(...(answer?.earlier ?? []).map((one) => line(fill(words.earlier_line, one.exam, one.number, marksText(one.marks), marksText(one.out_of)), " ", small(day.format(new Date(one.at))))));
  if (!list.children.length) { list.append(line(answer ? words.none_earlier : words.not_asked)); if (!answer) shown = null; }
}
fold.addEventListener("toggle", showEarlier);

export function paintCompare() {
  if (shown !== now.question.id) { $("ul", fold).replaceChildren(); showEarlier(); }
  const at = now.step ?? 0, who = $("[data-act=who]");
  who.hidden = !steps()[at];
  $("span", who).textContent = fill(words.who_got, at + 1);
}

/* --- Questions that look blank --- */
export const left = () => data.blank.filter((one) => !isMarked(marks.get(one.question)));
export const title = (count) => (count === 1 ? words.blank_1 : fill(words.blank_n, count));
export function paintBlank() {
  const note = $("#blank"), count = left().length, given = count ? 0 : givenAtOnce();
  if (!note) return;
  note.hidden = !count && !given;
  $("span", note).textContent = given ? fill(words.blank_given, given) : title(count);
  $("[data-act=blank]", note).hidden = Boolean(given);
  $("[data-act=undo]", note).hidden = !given;
}
