// The filter bar sends itself when a choice changes, and leaves empty choices out of the address.
export function watchFilters() {
  prepare();
  document.addEventListener("htmx:load", prepare);
  document.addEventListener("change", (event) => {
    const form = event.target.closest?.("form[data-filters]");
    if (form && event.target.matches("select")) form.requestSubmit();
  });
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-filters]")) return;
    for (const field of event.target.elements) if (field.name && field.value === "") field.disabled = true;
  });
  // Coming back through the history brings the disabled fields with it.
  addEventListener("pageshow", () => {
    for (const field of document.querySelectorAll("form[data-filters] :disabled")) field.disabled = false;
  });
}

function prepare() {
  for (const button of document.querySelectorAll("[data-filters-apply]")) button.hidden = true;
}
