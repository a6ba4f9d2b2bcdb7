// Sums of a marking scheme, in half marks so that nothing is ever rounded. The server computes the same and decides.
export const halves = (value) => Math.round(Number(value || 0) * 2);
export const plain = (half) => (half % 2 ? `${Math.floor(half / 2)}.5` : String(half / 2));

/** Half marks of a question: per part the steps outside any alternative count, and of the alternatives the better one;
 * never more than the question carries. */
export function questionHalves(question, mark) {
  if (!mark) return 0;
  if (mark.free != null) return halves(mark.free);
  const parts = new Map();
  for (const step of question.steps) {
    const sums = parts.get(step.part) ?? parts.set(step.part, new Map()).get(step.part);
    sums.set(step.alternative, (sums.get(step.alternative) ?? 0) + halves(mark.steps[step.id]));
  }
  const best = (sums) => [...sums].reduce((most, [name, half]) => (name ? Math.max(most, half) : most), 0);
  const total = [...parts.values()].reduce((sum, sums) => sum + (sums.get("") ?? 0) + best(sums), 0);
  return Math.min(total, halves(question.marks));
}

/** Half marks of the paper: of two alternatives of a number the better one counts. */
export function paperHalves(questions, marks) {
  const best = new Map();
  for (const question of questions) {
    best.set(question.number, Math.max(best.get(question.number) ?? 0, questionHalves(question, marks.get(question.id))));
  }
  return [...best.values()].reduce((sum, half) => sum + half, 0);
}

/** Whether a step builds on one that was not awarded: the marker then judges it by the student's own value. */
export const isCarried = (question, mark, step) =>
  mark?.free == null && step.follows.some((position) => halves(mark?.steps[question.steps[position - 1]?.id]) === 0);

export const isMarked = (mark) => !!mark && mark.marks != null;

/** The next award of a step: all → half (where the step has two halves or more) → none. */
export function nextAward(step, current) {
  const full = halves(step.marks), now = halves(current);
  if (now === 0) return full;
  if (now === full && full > 1) return Math.floor(full / 2);
  return 0;
}
