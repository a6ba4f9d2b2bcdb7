// Checking one answer while the exam runs: the try is sent, and what the server says is shown and read out.
import { answerOf } from "./exam-answers.js";
import { readReply } from "./replies.js";
import { csrf, signedOut } from "./signed-in.js";

export function listenForChecks({ form, words, outbox, save, settleClosed }) {
  const part = (body, name) => body.querySelector(`[data-${name}]`);

  function say(body, text, outcome = "") {
    const said = part(body, "said");
    said.dataset.outcome = outcome;
    said.textContent = text;
  }

  function tell(body, standing) {
    say(body, standing.message, standing.outcome);
    part(body, "hints").replaceChildren(...standing.hints.map((html) => {
      const item = document.createElement("li");
      item.className = "paper";
      item.innerHTML = html;
      return item;
    }));
    part(body, "hints-box").hidden = !standing.hints.length;
    part(body, "explanation").innerHTML = standing.explanation;
    part(body, "explained").hidden = !standing.explanation;
    const button = part(body, "check"), focused = document.activeElement === button || part(body, "fields").contains(document.activeElement);
    part(body, "fields").disabled = standing.is_closed;
    button.hidden = standing.is_closed || !standing.tries_left;
    if (focused && button.hidden) part(body, "said").focus();
  }

  const send = (body, seq, answer) => fetch(part(body, "tries").dataset.url, {
    method: "POST", signal: AbortSignal.timeout?.(15000),
    headers: { "Content-Type": "application/json", "X-CSRFToken": csrf() },
    body: JSON.stringify({ seq, answer }),
  });

  async function check(body) {
    const button = part(body, "check"), { question } = body.dataset, answer = answerOf(body);
    if (button.hidden || button.getAttribute("aria-busy") === "true") return;
    if (!Object.keys(answer).length) { say(body, words.check_first); return; }
    button.setAttribute("aria-busy", "true");
    say(body, words.checking);
    // The answer itself is kept on this device first, as every answer: a check that does not arrive loses nothing.
    save(body);
    try {
      let response = await send(body, outbox.next(question), answer), said = await readReply(response);
      if (said.body && !said.body.applied) { // another tab saved meanwhile; what stands here is newer for this person
        outbox.know(question, said.body.seq);
        response = await send(body, outbox.next(question), answer);
        said = await readReply(response);
      }
      const { body: reply, problem } = said;
      if (reply?.standing) {
        outbox.onReply(reply);
        tell(body, reply.standing);
      } else if (signedOut(response) || !problem || problem.status >= 500) say(body, words.check_offline);
      else {
        say(body, problem.detail || words.check_offline);
        if (problem.code === "question_closed") settleClosed(problem);
      }
    } catch { say(body, words.check_offline); }
    button.removeAttribute("aria-busy");
  }

  form.addEventListener("click", (event) => {
    const button = event.target.closest("[data-check]");
    if (!button) return;
    event.preventDefault();
    check(button.closest("[data-question]"));
  });
  form.addEventListener("keydown", (event) => {
    const body = event.target.closest("[data-question]");
    if (event.key !== "Enter" || !body || !part(body, "tries") || !event.target.matches("input:not([type=radio], [type=checkbox])")) return;
    event.preventDefault();
    check(body);
  });
}
