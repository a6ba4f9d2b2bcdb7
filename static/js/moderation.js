// Two markings side by side: whose ink is shown, what is chosen adds up, and all of one side at once.
import { drawPage, marksText } from "./marking-ink.js";
import { halves, plain, questionHalves } from "./marking-scheme.js";

const pages = JSON.parse(document.getElementById("pages").textContent);
const form = document.getElementById("decisions");
const total = document.getElementById("total");
const left = document.getElementById("left");

function show(ink) {
  for (const page of pages) {
    const svg = document.querySelector(`svg[data-page="${page.id}"]`);
    drawPage(svg, (ink && page[ink]) || [], page);
  }
  for (const button of document.querySelectorAll("[data-ink]")) button.setAttribute("aria-pressed", button.dataset.ink === ink);
}

const read = (text) => Number(text.trim().replace("½", ".5").replace(",", ".")) || 0;

/** What the steps as they are decided come to; empty while one of them is open. */
function stepsText(box) {
  const given = {};
  const steps = [...box.children].map(({ dataset }) => ({ ...dataset, id: dataset.step, marks: dataset.most }));
  for (const row of box.children) {
    const chosen = row.querySelector("input[type=radio]:checked");
    if (!chosen) return "";
    given[row.dataset.step] = chosen.dataset.marks ?? read(row.querySelector("input[inputmode]").value);
  }
  return plain("given" in box.dataset ? halves(box.dataset.outOf) : questionHalves({ steps, marks: box.dataset.outOf }, { steps: given }));
}

function add() {
  let sum = 0;
  let open = 0;
  for (const question of form.querySelectorAll("[data-question]")) {
    const chosen = question.querySelector(".picks input:checked");
    const own = question.querySelector("[data-shown]");
    const steps = question.querySelector(".bysteps");
    const typed = steps ? stepsText(steps) : question.querySelector(".own input").value;
    own.textContent = steps ? typed && marksText(typed) : typed.trim();
    if (!chosen || (steps && !typed && chosen.dataset.marks === undefined)) open += 1;
    else sum += chosen.dataset.marks === undefined ? read(typed) : Number(chosen.dataset.marks);
  }
  if (!total) return;
  total.textContent = marksText(String(sum));
  left.textContent = open ? left.dataset[open === 1 ? "one" : "many"].replace("{}", open) : "";
}

document.addEventListener("click", (event) => {
  const { ink, all } = event.target.closest("button")?.dataset ?? {};
  if (ink !== undefined) show(ink);
  if (all) for (const radio of form.querySelectorAll(`input[value="${all}"]`)) radio.checked = true;
  if (ink === undefined) add();
});
form.addEventListener("input", (event) => {
  const { type, value } = event.target;
  const step = event.target.closest(".bysteps li");
  if (step && type !== "radio") step.querySelector("input[value=own]").checked = true;
  // Whose marks are chosen, that ink is shown.
  if (type === "radio" && value !== "own") show(value === "first" ? "annotations" : "second");
  add();
});
// A required choice inside closed details could not be shown by the browser.
form.addEventListener("invalid", (event) => { const box = event.target.closest("details"); if (box) box.open = true; }, true);
show("annotations");
add();
