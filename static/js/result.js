// Draws the teacher's red ink over the student's pages.
import { drawPage } from "./marking-ink.js";

for (const page of JSON.parse(document.getElementById("pages").textContent)) {
  const svg = document.querySelector(`svg[data-page="${page.id}"]`);
  if (svg) drawPage(svg, page.annotations, page);
}
// A link to a question opens it.
function open() {
  const target = location.hash.length > 1 && document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
addEventListener("hashchange", open);
open();
