// Questions to come back to: flagged at the desk, listed before the paper is finished.
import { $, $$, canMark, data, questionOf, root, toast, words } from "./marking-desk.js";
import { csrf, signedOut } from "./signed-in.js";

export const later = new Set(data.later);

export function paintLater(question) {
  $("#later")?.setAttribute("aria-pressed", later.has(question.id));
  const numbers = new Set([...later].map((id) => questionOf(id)?.number));
  for (const button of $$("[data-number]")) button.toggleAttribute("data-later", numbers.has(Number(button.dataset.number)));
}

/** Flags the question, or takes the flag off; it shows at once and is taken back when it could not be kept. */
export async function flagLater(question) {
  if (!canMark) return;
  const on = !later.has(question.id), set = (flagged) => { if (flagged) later.add(question.id); else later.delete(question.id); paintLater(question); };
  set(on);
  const response = await fetch(root.dataset.later, { method: "POST", headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() }, body: JSON.stringify({ question: question.id, later: on }) }).catch(() => null);
  if (response?.ok && !signedOut(response)) return;
  set(!on);
  toast((await response?.json().catch(() => null))?.detail || words.not_asked);
}

/** The flagged questions in the dialog of finishing, each with a way back to it. */
export function listLater(open) {
  const box = $("#finish-later"), list = [...later].map(questionOf).filter(Boolean).sort((a, b) => a.number - b.number);
  box.hidden = !list.length;
  box.querySelector(".row").replaceChildren(...list.map((q) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn--quiet btn--sm", textContent: `${words.q}${q.label}` });
    button.addEventListener("click", () => { button.closest("dialog").close(); open(q); });
    return button;
  }));
}
