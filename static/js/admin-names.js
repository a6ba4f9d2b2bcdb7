// The fields of the back office in which one searches (select2) get the names of the fields they stand for.
addEventListener("DOMContentLoaded", () => {
  const name = () => {
    for (const select of document.querySelectorAll("select.select2-hidden-accessible")) {
      const box = select.nextElementSibling?.querySelector("[role=combobox]");
      const label = select.labels?.[0]?.textContent.trim().replace(/[:*\s]+$/, "") || select.getAttribute("aria-label");
      if (!box || "named" in box.dataset || !label) continue;
      box.dataset.named = "";
      // What is chosen is read after the name, as of a plain select.
      const id = `${select.id}-name`;
      const words = Object.assign(document.createElement("span"), { id, hidden: true, textContent: label });
      box.after(words);
      box.setAttribute("aria-labelledby", `${id} ${box.getAttribute("aria-labelledby") ?? ""}`.trim());
      box.querySelector("[role=textbox]")?.setAttribute("aria-labelledby", id);
    }
  };
  name();
  new MutationObserver(name).observe(document.body, { childList: true, subtree: true });
  // The field for searching stands in a list at the end of the page; it is named after the same field.
  document.addEventListener("focusin", ({ target }) => {
    const id = target.matches(".select2-search__field") && target.getAttribute("aria-controls")?.match(/^select2-(.*)-results$/)?.[1];
    if (id && document.getElementById(`${id}-name`)) target.setAttribute("aria-labelledby", `${id}-name`);
  });
});
