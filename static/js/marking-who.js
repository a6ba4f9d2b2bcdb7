// Who got this step: the same step on other papers, in a dialog that is seldom opened.
import { ask, line, small } from "./marking-compare.js";
import { $, fill, now, root, words } from "./marking-desk.js";
import { marksText } from "./marking-ink.js";
import { steps } from "./marking-work.js";

export async function whoGot() {
  const at = now.step ?? 0, step = steps()[at];
  if (!step) return;
  const dialog = document.getElementById("who"), list = $("ul", dialog);
  const answer = await ask(root.dataset.step, step.id);
  $("#who-title").textContent = fill(words.who_got, at + 1);
  list.replaceChildren(...(answer?.places ?? []).map((one) => {
    const link = Object.assign(document.createElement("a"), { href: one.url, className: "inline-link", textContent: one.label });
    const given = small(Number(one.given) ? fill(words.got, marksText(one.given), marksText(step.marks)) : words.got_none);
    given.classList.toggle("kum", Number(one.given) > 0);
    return line(one.is_this ? small(`${one.label}, ${words.this_paper}`) : link, given, ...(one.is_open || one.is_this ? [] : [small(words.done_paper)]));
  }));
  if (!list.children.length) list.append(line(answer ? words.nobody : words.not_asked));
  dialog.showModal();
}
