// Deciding about scanned pages without the mouse. Every key has its field or button on the page.
const form = document.getElementById("place-form");
const image = document.getElementById("fix-image");
const turn = form?.elements.turn;
const hint = document.querySelector(".fix-keys");
if (hint) hint.hidden = false;

const show = () => { if (image && turn) image.dataset.turn = turn.value; };
turn?.addEventListener("change", show);
show();

const press = {
  s: () => form?.elements.student.focus(),
  t: () => { if (turn) { turn.value = String((Number(turn.value) + 90) % 360); show(); } },
  d: () => document.querySelector("#discard-form [name=why]")?.focus(),
  n: () => document.querySelector("a[rel=next]")?.click(),
  p: () => document.querySelector("a[rel=prev]")?.click(),
  enter: () => form?.requestSubmit(),
};

addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, select, textarea, button, a, summary");
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing) return;
  const key = event.key.toLowerCase();
  if (/^[1-9]$/.test(key) && form) form.elements.number.value = key;
  else if (Object.hasOwn(press, key)) press[key]();
  else return;
  event.preventDefault();
});
