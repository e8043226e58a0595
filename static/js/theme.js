// Loaded before the styles and without waiting, so that no page flashes in the wrong theme.
(() => {
  const KEY = "ccx-theme";
  const dark = matchMedia("(prefers-color-scheme: dark)");

  function choice() {
    try {
      const kept = localStorage.getItem(KEY);
      return kept === "light" || kept === "dark" ? kept : "system";
    } catch {
      return "system"; // storage is refused in some private windows
    }
  }

  function apply() {
    const theme = choice() === "system" ? (dark.matches ? "dark" : "light") : choice();
    if (document.documentElement.dataset.bsTheme === theme) return;
    document.documentElement.dataset.bsTheme = theme;
    document.dispatchEvent(new CustomEvent("ccx:theme", { detail: { theme } }));
  }

  function choose(value) {
    try {
      localStorage.setItem(KEY, value);
    } catch {
      // the choice then lasts for this page
    }
    apply();
  }

  apply();
  dark.addEventListener("change", apply);
  addEventListener("storage", (event) => event.key === KEY && apply());
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-theme-choice] input")) choose(event.target.value);
  });
  document.addEventListener("DOMContentLoaded", () => {
    for (const input of document.querySelectorAll("[data-theme-choice] input")) input.checked = input.value === choice();
  });
})();
