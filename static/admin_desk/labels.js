"use strict";
// Select2 gives its search box no name; a screen reader would say “edit” and no more.
{
  const name = (box) => {
    const field = box.closest(".form-row, .related-widget-wrapper")?.querySelector("select");
    const label = field?.labels?.[0]?.textContent.replace(/:\s*$/, "").trim();
    box.setAttribute("aria-label", label ? `Search: ${label}` : "Search");
  };
  const nameAll = () => document.querySelectorAll(".select2-search__field:not([aria-label])").forEach(name);
  // Made when the page is ready, when a line is added, when a box is opened.
  new MutationObserver(nameAll).observe(document, { childList: true, subtree: true });
}
