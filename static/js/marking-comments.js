// Comments written on the page.
import { noteUse, paintBank, searchList } from "./marking-bank.js";
import { now, words } from "./marking-desk.js";
import { middle, pageBox } from "./marking-pages.js";
import { hooks } from "./marking-pointer.js";
import { addInk, changeInk } from "./marking-work.js";

/** Where a comment goes that has no place yet. */
export const somewhere = () => now.spot ?? middle();
const geometryOf = (at) => (Array.isArray(at) ? { x: Math.max(0, Math.min(1, at[0])), y: Math.max(0, Math.min(1, at[1])) } : at);

/** Writes a comment at a point ([x, y]) or for a box ({x, y, w, h}); with `item`, changes that one. */
export function commentBox(at, { text = "", item, extra = {} } = {}) {
  const write = (geometry, value) => {
    addInk("comment", geometry, { text: value, ...extra });
    noteUse(now.question, value);
    paintBank(now.question);
  };
  if (text) return write(geometryOf(at), text);
  const geometry = item?.geometry ?? geometryOf(at), box = document.createElement("div");
  box.className = "cbox";
  box.style.cssText = `left:max(0px,min(${geometry.x * 100}%,100% - 250px));top:${(geometry.y + (geometry.h ?? 0)) * 100}%`;
  box.innerHTML = `<label class="vh" for="cbox-text">${words.comment}</label><textarea id="cbox-text" rows="2" maxlength="500" placeholder="${words.comment_hint}"></textarea>`;
  pageBox.append(box);
  const area = box.querySelector("textarea");
  area.value = item?.text ?? "";
  area.focus();
  let closed = false;
  const done = (keep, chosen) => {
    if (closed) return;
    closed = true;
    const value = chosen ?? area.value.trim();
    box.remove();
    if (!keep || !value) return;
    if (item) changeInk([item], () => ({ text: value, shown: "" })); else write(geometry, value);
  };
  const list = searchList(area, now.question, (chosen) => done(true, chosen));
  box.scrollIntoView({ block: "nearest", inline: "nearest" });
  area.addEventListener("blur", () => done(true));
  area.addEventListener("keydown", (event) => {
    event.stopPropagation();
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); done(true, list.choice()); }
    if (event.key === "Escape") done(false);
  });
}
/** About the page, not about a question of it. */
export const pageComment = () => commentBox([0.04, 0.03], { extra: { question: null } });
hooks.comment = commentBox;
