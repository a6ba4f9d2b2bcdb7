// Which of a question's complete solutions the marker reads by: the buttons above the scheme, with the marks of each.
import { countedMethod, methodHalves, methodsOf, plain, stepsOf } from "./marking-scheme.js";

export class MethodView {
  /** `box` holds the buttons; `marks`: question id → mark; `say(method)` names a method; `show(marks)` writes marks. */
  constructor({ box, marks, say, show, counts }) {
    Object.assign(this, { box, marks, say, show, counts });
    this.chosen = new Map(); // question id → method
  }

  /** The method chosen for the question; before that the one that counts, or the first. */
  of(question) {
    return this.chosen.get(question.id) ?? countedMethod(question, this.marks.get(question.id)) ?? methodsOf(question)[0];
  }

  steps(question) { return stepsOf(question, this.of(question)); }

  choose(question, method) { this.chosen.set(question.id, method); }

  next(question) {
    const methods = methodsOf(question);
    this.choose(question, methods[(methods.indexOf(this.of(question)) + 1) % methods.length]);
  }

  draw(question) {
    const methods = methodsOf(question);
    // It stays in view whichever is ahead while steps are pressed, or none.
    this.choose(question, this.of(question));
    this.box.hidden = methods.length < 2;
    this.box.replaceChildren(...methods.map((method) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.method = method;
      button.innerHTML = '<span><b></b> <span class="sub"></span></span><span class="mk num"></span><span class="vh"></span>';
      button.querySelector("b").textContent = this.say(method);
      button.querySelector(".sub").textContent = question.method_titles[method - 1] ?? "";
      return button;
    }));
    this.paint(question);
  }

  paint(question) {
    const mark = this.marks.get(question.id), counted = countedMethod(question, mark);
    for (const button of this.box.children) {
      const method = Number(button.dataset.method);
      button.setAttribute("aria-pressed", method === this.of(question));
      button.querySelector(".mk").textContent = this.show(plain(mark.free == null ? methodHalves(question, mark, method) : 0));
      button.toggleAttribute("data-counts", method === counted);
      button.querySelector(".vh").textContent = method === counted ? this.counts : "";
    }
  }
}
