// Dialogs that arrive as fragments (transfer, snooze): opened when they come, gone when they close.
export function watchLeaving() {
  document.addEventListener("htmx:load", (event) => {
    const dialog = event.target.matches?.("[data-fragment-dialog]") ? event.target : null;
    if (dialog && dialog.closest("#desk-dialogs") && !dialog.open) open(dialog);
    describe(event.target.closest?.("[data-leaving]") ?? event.target.querySelector?.("[data-leaving]"));
  });
  document.addEventListener("change", (event) => {
    describe(event.target.closest?.("[data-leaving]"));
    if (event.target.matches?.("[data-custom]")) document.getElementById(event.target.dataset.custom)?.focus();
  });
  document.addEventListener("input", (event) => {
    if (event.target.id === "snooze-custom") document.querySelector("[data-custom]").checked = true;
  });
  document.addEventListener("ccx:restored", (event) => describe(event.target.closest("[data-leaving]")));
  document.addEventListener("keydown", onKey);
}

function open(dialog) {
  const opener = document.activeElement;
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (opener?.isConnected) opener.focus();
  });
  dialog.showModal();
}

// From the search field down into the list, and from its first line up again.
function onKey(event) {
  const dialog = event.target.closest?.("[data-fragment-dialog]");
  if (!dialog) return;
  const find = dialog.querySelector("[data-into]");
  if (event.key === "Escape" && event.target === find && find.value) return;
  if (event.target === find && (event.key === "ArrowDown" || event.key === "Enter")) {
    const target = dialog.querySelector("input[name=to]:checked") ?? dialog.querySelector("input[name=to]");
    if (!target) return event.key === "Enter" && event.preventDefault();
    event.preventDefault();
    target.checked = true;
    target.focus();
    target.dispatchEvent(new Event("change", { bubbles: true }));
  }
}

// The sentence about what happens and the name on the button follow the choice.
function describe(form) {
  if (!form) return;
  const chosen = form.querySelector("input[name=to]:checked");
  const button = form.querySelector("[data-verb]");
  if (!chosen) return;
  form.querySelector(".leave-says").textContent = chosen.dataset.says;
  button.textContent = button.dataset.verb.replace("NAME", chosen.dataset.name);
}
