// Ctrl+K, "?", two-stroke ways to places ("g d") and single keys of a page's actions, never while someone types.
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
    const begun = first;
    const place = (begun && marked(`${begun} ${event.key}`)) || (isPrefix(begun) ? null : marked(event.key));
    clearTimeout(timer);
    first = place ? "" : event.key;
    timer = setTimeout(() => (first = ""), WAIT);
    if (place) {
      event.preventDefault();
      place.click();
    }
  });
}

// Of several with one key the last that can be seen: what is open comes after the list it was opened from.
function marked(keys) {
  const all = [...document.querySelectorAll(`[data-keys="${keys.replace(/["\\]/g, "\\$&")}"]`)];
  return all.findLast((element) => !element.disabled && (element.closest("dialog") || element.checkVisibility()));
}

const isPrefix = (key) => key !== "" && document.querySelector(`[data-keys^="${key.replace(/["\\]/g, "\\$&")} "]`) !== null;

export function isTyping(element) {
  return element instanceof HTMLElement && (element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName));
}
