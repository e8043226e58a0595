// Ctrl+K, "?", and two-stroke ways to places ("g d"), never while someone types.
import { openDialog } from "./dialogs.js";

const WAIT = 900;

export function watchKeys() {
  let first = "";
  let timer = 0;

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openDialog("palette");
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "?") {
      openDialog("shortcuts");
      return;
    }
    if (event.key.length !== 1) return;
    const place = first && document.querySelector(`[data-keys="${CSS.escape(`${first} ${event.key}`).replaceAll("\\ ", " ")}"]`);
    clearTimeout(timer);
    first = place ? "" : event.key;
    timer = setTimeout(() => (first = ""), WAIT);
    if (place) {
      event.preventDefault();
      place.click();
    }
  });
}

export function isTyping(element) {
  return element instanceof HTMLElement && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));
}
