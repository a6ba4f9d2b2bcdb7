// The panel beside the page and the row of questions above it.
import { paintBank } from "./marking-bank.js";
import { $, $$, addressOf, canMark, fill, firstPage, notAttempted, now, numbers, pageOf, questions, root, rubric, toast, words } from "./marking-desk.js";
import { marksText } from "./marking-ink.js";
import { halves, isCarried, isMarked, paperHalves, plain, questionHalves } from "./marking-scheme.js";
import { formulas, giveHalves, marks, marksWord, methods, redone, steps, undone } from "./marking-work.js";

export const numberDone = (number) => notAttempted.has(number) || questions.some((q) => q.number === number && isMarked(marks.get(q.id)));
export const missing = () => numbers.filter((n) => !numberDone(n));

export function paintQuestion() {
  const { question } = now;
  $("#q-label").textContent = `${words.q}${question.label}`;
  $("#q-sub").textContent = [marksWord(question.marks), question.pages.length ? fill(question.pages.length > 1 ? words.on_pages : words.on_page, question.pages.map((id) => pageOf(id).number).join(", ")) : words.no_page].join(", ");
  $("#q-text").innerHTML = question.html + question.parts.map((p) => `<p class="part"><b>(${p.label}${p.alternative ? ` ${p.alternative}` : ""})</b> ${p.html}</p>`).join("");
  $("#q-model").innerHTML = question.model_answer_html || `<p>${words.no_model}</p>`;
  const siblings = questions.filter((q) => q.number === question.number);
  $("#alternatives").hidden = siblings.length < 2;
  $("#alternatives").replaceChildren(...siblings.map((q) => {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "pill";
    button.dataset.alternative = q.id;
    button.setAttribute("aria-pressed", q.id === question.id);
    button.textContent = fill(words.alternative, q.alternative);
    return button;
  }));
  methods.draw(question);
  paintScheme();
  paintChange(question);
  if (canMark) paintBank(question);
  $("#comment").value = marks.get(question.id).comment;
  paintFormulas();
  showFree();
}

/** How the scheme was changed since the paper was frozen, and whether the answer is to be looked at again. */
function paintChange(question) {
  const note = $("#changed");
  note.hidden = !question.scheme_said.length;
  $("p", note).textContent = question.scheme_said.join(" ");
  const again = $("form", note);
  if (!again) return;
  again.hidden = !question.look;
  again.action = addressOf(root.dataset.looked, question.id);
}

/** The steps of the method in view; digits press these. */
export function paintScheme() {
  if (rubric.paintRubric) return rubric.paintRubric();
  $("#scheme").replaceChildren(...steps().map((s, i) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.step = i;
    button.disabled = !canMark;
    const place = s.part ? `(${s.part}${s.alternative ? ` ${s.alternative}` : ""}) ` : "";
    button.innerHTML = `<kbd>${i < 9 ? i + 1 : ""}</kbd><span class="desc">${s.html}<span class="code">${place}${words[s.kind]}, ${marksWord(s.marks)}${s.follows.length ? `, ${fill(words.follows, s.follows.join(", "))}` : ""}${s.change ? ` <b class="tag">${words[`step_${s.change}`]}</b>` : ""}</span><span class="carried" hidden>${words.carried}</span></span><span class="mk num"></span>`;
    return button;
  }));
}

export function seeMethod() {
  now.step = null;
  paintScheme();
  paint();
}

function paintFormulas() {
  const html = formulas.get(`mark:${now.question.id}`);
  $("#comment-shown").hidden = !html;
  $("#comment-shown").innerHTML = html;
}

/** What was changed elsewhere shows up, unless it is being written here. */
export function paintFields() {
  const mark = marks.get(now.question.id), field = $("#comment");
  if (field !== document.activeElement) field.value = mark.comment;
  paintFormulas();
  if ($("#free") !== document.activeElement && !$("#free").hasAttribute("aria-invalid")) $("#free").value = mark.free ?? "";
}

export function paint() {
  const { question } = now, mark = marks.get(question.id), got = questionHalves(question, mark), shown = steps();
  methods.paint(question);
  if (rubric.paintLevels) rubric.paintLevels();
  else $$("#scheme button").forEach((button, i) => {
    const s = shown[i], given = mark.free == null ? halves(mark.steps[s.id]) : 0, full = halves(s.marks);
    button.dataset.s = given === 0 ? 0 : given === full ? 2 : 1;
    button.setAttribute("aria-pressed", given === full ? "true" : given ? "mixed" : "false");
    button.querySelector(".mk").textContent = marksText(plain(given));
    button.querySelector(".carried").hidden = !isCarried(question, mark, s);
  });
  $("#total").textContent = isMarked(mark) || got ? marksText(plain(got)) : "–";
  $("#out-of").textContent = fill(words.of, marksText(question.marks));
  $("#bar").style.setProperty("--v", (100 * got) / halves(question.marks));
  $("#paper-total").textContent = marksText(plain(paperHalves(questions, marks)));
  paintNumbers();
  const current = shown[now.step ?? 0];
  if (!rubric.paintLevels) $("#cur").innerHTML = current ? `<b>${(now.step ?? 0) + 1}</b>${current.html}` : "";
  for (const [act, list] of [["undo", undone], ["redo", redone]]) for (const button of $$(`[data-act=${act}]`)) button.disabled = !list.length;
  $(".qnow b").textContent = `${words.q}${question.label}`;
  $(".qnow .num").textContent = `${$("#total").textContent}/${marksText(question.marks)}`;
}

function paintNumbers() {
  const left = missing();
  for (const button of $$("[data-number]")) {
    const n = Number(button.dataset.number), done = numberDone(n);
    const best = Math.max(...questions.filter((q) => q.number === n).map((q) => questionHalves(q, marks.get(q.id))));
    button.classList.toggle("d", done);
    if (n === now.question.number) button.setAttribute("aria-current", "step"); else button.removeAttribute("aria-current");
    button.querySelector("small").textContent = notAttempted.has(n) && !best ? words.not_done : done ? marksText(plain(best)) : "–";
    button.querySelector(".vh").textContent = done ? "" : words.not_marked;
  }
  $("#progress").textContent = fill(words.progress, numbers.length - left.length, numbers.length);
  const onward = left.length || !canMark ? words.next : words.finish;
  $(".fin [data-act=next] span").textContent = onward;
  $(".go").setAttribute("aria-label", onward);
}

/* --- Free marks --- */
/** Says at the field, and once in a toast, why these marks are not given; "" when nothing is wrong. */
function freeProblem(text) {
  if (text) { $("#free").setAttribute("aria-invalid", "true"); toast(text); } else $("#free").removeAttribute("aria-invalid");
  $("#free-problem").textContent = text;
}
export function showFree() {
  freeProblem("");
  $("#free").value = marks.get(now.question.id).free ?? "";
}
export function giveFree(value) {
  const mark = marks.get(now.question.id);
  if (value === (mark.free ?? "")) return freeProblem("");
  if (value === "") { freeProblem(""); return giveHalves(null); }
  const half = Number(value) * 2;
  if (!Number.isInteger(half) || half < 0 || half > halves(now.question.marks)) return freeProblem(fill(words.free_range, marksText(now.question.marks)));
  const comment = $("#comment").value.trim();
  if (!comment) { freeProblem(words.free_reason); $("#comment").focus(); return; }
  freeProblem("");
  giveHalves(half, comment);
}

/** The page to look at for a question: the one in view when it has the question. */
export const pageFor = (q) => (q.pages.includes(now.page?.id) ? now.page : firstPage(q));
