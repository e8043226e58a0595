// Ctrl+K: places of the rail, and whatever a page marks with data-palette-entry.
const normal = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase().trim();

export function watchPalette() {
  const palette = document.getElementById("palette");
  if (!palette) return;
  const input = palette.querySelector(".palette-input");
  const list = palette.querySelector(".palette-list");
  const none = palette.querySelector(".palette-none");
  let chosen = null;

  const entries = () => [...list.querySelectorAll(".palette-entry")];
  const shown = () => entries().filter((entry) => !entry.hidden);

  function choose(entry) {
    chosen?.setAttribute("aria-selected", "false");
    chosen = entry ?? null;
    if (!chosen) return input.removeAttribute("aria-activedescendant");
    chosen.setAttribute("aria-selected", "true");
    chosen.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", chosen.id);
  }

  function filter() {
    const words = normal(input.value).split(/\s+/);
    for (const entry of entries()) {
      const name = normal(entry.textContent);
      entry.hidden = !words.every((word) => name.includes(word));
    }
    none.hidden = shown().length > 0;
    choose(shown()[0]);
  }

  function takePageEntries() {
    for (const old of list.querySelectorAll("[data-from-page]")) old.remove();
    for (const [index, source] of document.querySelectorAll("[data-palette-entry]").entries()) {
      const entry = document.createElement("button");
      entry.type = "button";
      entry.className = "palette-entry";
      entry.dataset.fromPage = "";
      entry.id = `palette-page-${index}`;
      entry.tabIndex = -1;
      entry.setAttribute("role", "option");
      entry.textContent = source.dataset.paletteEntry || source.textContent.trim();
      entry.addEventListener("click", () => {
        palette.close();
        source.click();
      });
      list.insertBefore(entry, none);
    }
  }

  function move(step) {
    const all = shown();
    if (all.length) choose(all[(all.indexOf(chosen) + step + all.length) % all.length]);
  }

  new MutationObserver(() => {
    if (!palette.open) return;
    input.value = "";
    takePageEntries();
    filter();
    input.focus();
  }).observe(palette, { attributeFilter: ["open"] });

  input.addEventListener("input", filter);
  input.addEventListener("keydown", (event) => {
    const acts = { ArrowDown: () => move(1), ArrowUp: () => move(-1), Enter: () => chosen?.click() };
    if (!acts[event.key] || event.isComposing) return;
    event.preventDefault();
    acts[event.key]();
  });
}
