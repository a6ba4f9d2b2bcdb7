// What the controls of a question say as an answer, and back; the shapes are those of the API.
const PARTS = { fill_in: "blanks", matching: "pairs" };
const TEXTS = { numeric: "value", expression: "value", short_text: "text" };
const all = (body, selector) => [...body.querySelectorAll(selector)];
// What is typed or ticked: not the hidden names of items, nor how certain somebody is.
const fields = (body) => all(body, "input:not([type=hidden], [data-certainty])");
const items = (body) => all(body, ".exam__order li");

export function answerOf(body) {
  const { type } = body.dataset, inputs = fields(body);
  if (TEXTS[type]) { const text = inputs[0].value.trim(); return text ? { [TEXTS[type]]: text } : {}; }
  if (PARTS[type]) {
    const filled = all(body, "[data-part]").map((el) => [el.dataset.part, el.value.trim()]).filter(([, value]) => value);
    return filled.length ? { [PARTS[type]]: Object.fromEntries(filled) } : {};
  }
  const chosen = inputs.filter((input) => input.checked).map((input) => input.value);
  if (!chosen.length) return {};
  if (type === "ordering") return { order: items(body).map((item) => item.dataset.value) };
  return chosen[0] === "on_paper" ? { on_paper: true } : { choices: chosen };
}

export function show(body, answer) {
  const { type } = body.dataset, inputs = fields(body);
  if (TEXTS[type]) {
    inputs[0].value = answer[TEXTS[type]] ?? "";
    if ("reads" in inputs[0].dataset) inputs[0].dispatchEvent(new CustomEvent("reads", { bubbles: true }));
  } else if (PARTS[type]) {
    for (const el of all(body, "[data-part]")) el.value = answer[PARTS[type]]?.[el.dataset.part] ?? "";
  } else if (type === "ordering") {
    const list = body.querySelector(".exam__order"), by = new Map(items(body).map((item) => [item.dataset.value, item]));
    list.append(...(answer.order ?? list.dataset.start.split(",")).map((label) => by.get(label)).filter(Boolean));
    inputs[0].checked = !!answer.order;
  } else for (const input of inputs) input.checked = (answer.choices ?? []).includes(input.value) || (input.value === "on_paper" && !!answer.on_paper);
}

/** Whether some of its blanks or pairs are answered and others are not. */
export function isPartly(body) {
  const values = all(body, "[data-part]").map((el) => !!el.value.trim());
  return values.includes(true) && values.includes(false);
}

/** Items to order: by buttons, by arrow keys on them, by dragging. Any move makes the order an answer. */
export function listenForMoves(form, words) {
  let dragged = null;
  function moved(item) {
    const body = item.closest("[data-question]"), list = items(body), [tick] = fields(body);
    let text = words.moved;
    for (const part of [item.dataset.name, list.indexOf(item) + 1, list.length]) text = text.replace("{}", () => part);
    body.querySelector("[role=status]").textContent = text;
    tick.checked = true;
    tick.dispatchEvent(new Event("input", { bubbles: true }));
  }
  function step(button, by) {
    const item = button.closest("li"), other = by < 0 ? item.previousElementSibling : item.nextElementSibling;
    if (!other) return;
    if (by < 0) other.before(item); else other.after(item);
    button.focus();
    moved(item);
  }
  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-move]");
    if (button) step(button, Number(button.dataset.move));
  });
  form.addEventListener("keydown", (event) => {
    const button = event.target.closest("[data-move]"), by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!button || !by) return;
    event.preventDefault();
    step(button, by);
  });
  form.addEventListener("dragstart", (event) => {
    dragged = event.target.closest?.(".exam__order li");
    if (dragged) event.dataTransfer.effectAllowed = "move";
  });
  form.addEventListener("dragover", (event) => {
    const over = event.target.closest(".exam__order li");
    if (!dragged || !over || over.parentNode !== dragged.parentNode) return;
    event.preventDefault();
    const box = over.getBoundingClientRect();
    if (over !== dragged) over[event.clientY < box.top + box.height / 2 ? "before" : "after"](dragged);
  });
  form.addEventListener("drop", (event) => { if (dragged) event.preventDefault(); });
  form.addEventListener("dragend", () => { if (dragged) moved(dragged); dragged = null; });
}

/** Under an expression: how the server reads it, or why it cannot. Without a connection, the hint. */
export function previewExpressions(form, words) {
  const timers = new WeakMap();
  async function read(input) {
    const out = document.getElementById(input.getAttribute("aria-describedby")), text = input.value.trim();
    let reading = {};
    if (text) {
      try {
        const answer = await fetch(`${form.dataset.reading}?text=${encodeURIComponent(text)}`);
        if (answer.ok && !answer.redirected) reading = await answer.json();
      } catch { /* offline: the answer is saved all the same */ }
      if (input.value.trim() !== text) return;
    }
    out.toggleAttribute("data-bad", !!reading.problem);
    if (!reading.html) { out.textContent = reading.problem || out.dataset.hint; return; }
    const [before, after] = words.reads.split("{}"), shown = document.createElement("span"), spoken = document.createElement("span");
    shown.innerHTML = reading.html;
    shown.setAttribute("aria-hidden", "true");
    spoken.className = "vh";
    spoken.textContent = reading.words;
    out.replaceChildren(before, shown, spoken, after);
  }
  const soon = (event) => {
    if (!("reads" in event.target.dataset)) return;
    clearTimeout(timers.get(event.target));
    timers.set(event.target, setTimeout(read, 350, event.target));
  };
  form.addEventListener("input", soon);
  form.addEventListener("reads", soon);
  for (const input of form.querySelectorAll("[data-reads]")) if (input.value) read(input);
}
