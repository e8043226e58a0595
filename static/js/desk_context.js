// Beside a conversation: cards that stay as they were left, forms that forget nothing, dialogs that come as fragments.
import { watchKeeping } from "./desk_keeping.js";
import { watchWrapUp } from "./desk_wrap_up.js";
import { watchLeaving } from "./desk_leaving.js";

const COOKIE = "ccx_cards";
const YEAR = 365 * 24 * 3600;

watchCards();
watchKeeping();
watchWrapUp();
watchLeaving();

// The server draws each card open or closed as its person left it, so that nothing jumps: hence a cookie.
function watchCards() {
  document.addEventListener(
    "toggle",
    (event) => {
      const key = event.target.dataset?.card;
      if (key) remember(key, event.target.open);
    },
    true,
  );
  // A fragment from another room says its own telling line on its first element.
  document.addEventListener("htmx:afterSwap", (event) => {
    const line = event.target.querySelector?.(":scope > [data-line]")?.dataset.line;
    const place = event.target.closest?.("[data-card]")?.querySelector("[data-card-line]");
    if (line && place) place.textContent = line;
  });
}

function remember(key, isOpen) {
  const cards = new Map(read().map((pair) => pair.split(".")));
  cards.set(key, isOpen ? "1" : "0");
  const text = [...cards].map((pair) => pair.join(".")).join(",");
  document.cookie = `${COOKIE}=${text}; path=/desk/; max-age=${YEAR}; samesite=lax`;
}

function read() {
  const found = document.cookie.split("; ").find((part) => part.startsWith(`${COOKIE}=`));
  return found ? found.slice(COOKIE.length + 1).split(",").filter((pair) => /^\w+\.[01]$/.test(pair)) : [];
}
