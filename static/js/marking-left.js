// On the list of papers: what the desk could not send goes now; what cannot go is shown.
import { everyKept, OperationLog } from "./marking-log.js";
import { showKept } from "./marking-kept.js";

const box = document.getElementById("kept"), { person } = box.dataset, words = JSON.parse(box.dataset.words);
const show = () => showKept(box, { person, words });
const papers = new Map((await everyKept()).filter((one) => one.version == null && one.person === person).map((one) => [one.paper, one]));
for (const { paper, label, url } of papers.values()) {
  const log = new OperationLog({ paper, person, label, url, onState: show, onStuck: show });
  await log.restore(() => 0);
  await log.flush();
}
show();
