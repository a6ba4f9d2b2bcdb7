// Goes on by itself, once: whoever comes back to this page decides with its button.
const form = document.getElementById("external-open");
const [visit] = performance.getEntriesByType("navigation");
if (visit?.type !== "back_forward") form.submit();
