// The comment bank at the desk: which comments are offered for a question, and for what is typed.
import { $, data, fill, words } from "./marking-desk.js";

const CHIPS = 8, OFFERED = 6;
const { bank } = data;

/** What is used on this question comes first, then what is meant for it, then what is used most. */
export function offered(question, typed = "", most = OFFERED) {
  const asked = typed.toLowerCase().split(/\s+/).filter(Boolean), here = (one) => one.here[question.id] ?? 0, meant = (one) => Number(one.question === question.id);
  return bank.filter((one) => (!one.question || meant(one)) && asked.every((word) => one.text.toLowerCase().includes(word)))
    .sort((a, b) => here(b) - here(a) || meant(b) - meant(a) || b.uses - a.uses).slice(0, most);
}

/** Counts a comment just written, so that it is offered at once. */
export function noteUse(question, text) {
  let one = bank.find((other) => other.text === text);
  if (!one) { if (text.length > 80) return; bank.push(one = { text, uses: 0, here: {}, shared: false, question: null }); }
  one.uses += 1;
  one.here[question.id] = (one.here[question.id] ?? 0) + 1;
}

function facts(one) {
  const small = document.createElement("small");
  small.className = "num";
  small.textContent = [one.shared && words.shared, one.uses && fill(words.used, one.uses)].filter(Boolean).join(", ");
  return small;
}

export function paintBank(question) {
  const box = $("#bank");
  box?.replaceChildren(...offered(question, "", CHIPS).map((one) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: one.text });
    button.dataset.bank = one.text;
    button.append(" ", facts(one));
    return button;
  }));
}

/** A list under `area` that follows what is typed; arrows choose. Returns {choice()}: the chosen words or null. */
export function searchList(area, question, choose) {
  const list = document.createElement("ul");
  let at = -1, found = [];
  Object.assign(list, { id: "cbox-bank", className: "offers" });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", words.bank);
  area.after(list);
  area.setAttribute("aria-controls", list.id);
  area.setAttribute("aria-autocomplete", "list");
  const paint = () => {
    list.hidden = !found.length;
    list.replaceChildren(...found.map((one, i) => {
      const item = Object.assign(document.createElement("li"), { id: `offer-${i}`, textContent: one.text });
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", i === at);
      item.append(" ", facts(one));
      item.addEventListener("pointerdown", (event) => { event.preventDefault(); choose(one.text); });
      return item;
    }));
    if (at < 0) area.removeAttribute("aria-activedescendant"); else area.setAttribute("aria-activedescendant", `offer-${at}`);
  };
  const search = () => { found = offered(question, area.value); at = -1; paint(); };
  area.addEventListener("input", search);
  area.addEventListener("keydown", (event) => {
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!way || !found.length || event.shiftKey) return;
    event.preventDefault();
    // Beyond either end nothing is chosen: Enter takes what was typed.
    at = at + way < -1 ? found.length - 1 : at + way >= found.length ? -1 : at + way;
    paint();
  });
  search();
  return { choice: () => found[at]?.text ?? null };
}
