// The dialog in which every question that looks blank is given 0, after a look at the pages.
import { left, title } from "./marking-compare.js";
import { $, fill, pageOf, questionOf, words } from "./marking-desk.js";
import { giveNothing } from "./marking-work.js";

export function showBlank() {
  const found = left(), pages = new Map();
  for (const one of found) for (const id of one.pages) pages.set(id, [...(pages.get(id) ?? []), questionOf(one.question)]);
  $("#blank-title").textContent = title(found.length);
  const said = found.filter((one) => questionOf(one.question).not_attempted).map((one) => `${words.q}${questionOf(one.question).label}`);
  $(".blanks").replaceChildren(...[...pages].map(([id, list]) => {
    const figure = document.createElement("figure"), page = pageOf(id), alt = fill(words.page_n, page.number);
    figure.append(Object.assign(new Image(), { src: page.thumb, alt, width: 120, height: 170 }), Object.assign(document.createElement("figcaption"), { textContent: `${alt}: ${list.map((q) => words.q + q.label).join(", ")}` }));
    return figure;
  }), ...(said.length ? [Object.assign(document.createElement("p"), { textContent: `${said.join(", ")}: ${words.declared}` })] : []));
  document.getElementById("blank-dialog").showModal();
}
export function giveBlank() {
  giveNothing(left().map((one) => one.question));
  document.getElementById("blank-dialog").close();
}
