// The review queue by keyboard: a approves, s goes to the reason for sending back, arrows go through the queue.
addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select, [contenteditable]")) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.dataset.key === "s") {
      event.target.form.requestSubmit(event.target.form.querySelector("[value=back]"));
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const target = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`)
    ?? { ArrowLeft: document.querySelector("[rel=prev]"), ArrowRight: document.querySelector("[rel=next]") }[event.key];
  if (!target) return;
  event.preventDefault();
  if (target.tagName === "TEXTAREA") target.focus();
  else target.click();
});
