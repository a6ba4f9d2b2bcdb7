// Sums of a marking scheme, in half marks so that nothing is ever rounded. The server computes the same and decides.
export const halves = (value) => Math.round(Number(value || 0) * 2);
export const plain = (half) => (half % 2 ? `${Math.floor(half / 2)}.5` : String(half / 2));

/** The numbers of the complete solutions of a question's scheme, and the steps of one of them. */
export const methodsOf = (question) => [...new Set(question.steps.map((step) => step.method))];
export const stepsOf = (question, method) => question.steps.filter((step) => step.method === method);

export function questionHalves(question, mark) {
  if (!mark) return 0;
  if (mark.free != null) return halves(mark.free);
  return Math.max(0, ...methodsOf(question).map((method) => methodHalves(question, mark, method)));
}

/** The method that counts: the better one, the first of equals, undefined when none won. */
export function countedMethod(question, mark) {
  if (!mark || mark.free != null) return undefined;
  const best = questionHalves(question, mark);
  return best ? methodsOf(question).find((method) => methodHalves(question, mark, method) === best) : undefined;
}

/** Half marks by one method: per part the steps outside any alternative count, and of the alternatives the better one;
 * never more than the question carries. */
export function methodHalves(question, mark, method) {
  const parts = new Map();
  for (const step of stepsOf(question, method)) {
    const sums = parts.get(step.part) ?? parts.set(step.part, new Map()).get(step.part);
    sums.set(step.alternative, (sums.get(step.alternative) ?? 0) + halves(mark.steps[step.id]));
  }
  const best = (sums) => [...sums].reduce((most, [name, half]) => (name ? Math.max(most, half) : most), 0);
  const total = [...parts.values()].reduce((sum, sums) => sum + (sums.get("") ?? 0) + best(sums), 0);
  return Math.min(total, halves(question.marks));
}

export function paperHalves(questions, marks) {
  const best = new Map();
  for (const question of questions) {
    best.set(question.number, Math.max(best.get(question.number) ?? 0, questionHalves(question, marks.get(question.id))));
  }
  return [...best.values()].reduce((sum, half) => sum + half, 0);
}

/** Whether a step builds on one that was not awarded: the marker then judges it by the student's own value. */
export const isCarried = (question, mark, step) =>
  mark?.free == null && step.follows.some((number) => halves(mark?.steps[stepsOf(question, step.method)[number - 1]?.id]) === 0);

export const isMarked = (mark) => !!mark && mark.marks != null;

/** The next award of a step: all → half (where the step has two halves or more) → none. */
export function nextAward(step, current) {
  const full = halves(step.marks), now = halves(current);
  if (now === 0) return full;
  if (now === full && full > 1) return Math.floor(full / 2);
  return 0;
}
