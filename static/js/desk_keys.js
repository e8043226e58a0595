// The desk by keyboard; single keys of actions are data-keys (keyboard.js), here is what moves.
import { isTyping } from "./keyboard.js";
import { stepInList } from "./desk_list.js";
import { showContext } from "./desk_panes.js";

export function watchDeskKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented || document.querySelector("dialog[open]")) return;
    if (event.key === "Escape") return leave(event);
    if (isTyping(event.target)) return;
    if (event.key === "j" || event.key === "k") {
      event.preventDefault();
      stepInList(event.key === "j" ? 1 : -1);
    }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-edit-title]");
    if (button) editTitle(button, true);
  });
  // The wrap-up that begins takes the keyboard, unless somebody types.
  document.addEventListener("htmx:afterSwap", (event) => {
    const before = event.detail.target;
    const now = before?.id === "wrap-up" && document.getElementById("wrap-up");
    if (now && before.dataset.wrapUp !== "finish" && now.dataset.wrapUp === "finish" && !isTyping(document.activeElement)) setTimeout(() => document.getElementById("wrap-reason")?.focus({ preventScroll: true }), 50);
  });
  document.addEventListener("keydown", (event) => {
    const form = event.target.closest?.(".desk-case-form");
    if (!form || event.key !== "Escape") return;
    event.preventDefault();
    form.reset();
    editTitle(form.previousElementSibling, false);
  });
}

// What Escape leaves: the text, the drawer, on a phone the contact; else it goes to the list.
function leave(event) {
  if (document.querySelector("details[data-menu][open]")) return;
  if (event.target.id === "desk-text") {
    event.target.blur();
    document.getElementById("thread-scroll").focus({ preventScroll: true });
  } else if (!isTyping(event.target) && !showContext(false)) {
    const back = document.querySelector("[data-desk-back]");
    if (back?.checkVisibility()) back.click();
    else document.querySelector('#desk-list .work-row[aria-current="true"]')?.focus();
  }
}

function editTitle(button, isOpen) {
  const form = button.nextElementSibling;
  button.hidden = isOpen;
  form.hidden = !isOpen;
  if (isOpen) form.elements.title.select();
  else button.focus();
}
