// data-copy="ID" copies what the field of that id holds; where the browser may not, the text is marked to be copied.
const STAYS = 2500;

export function watchCopies() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("[data-copy]");
    const field = button && document.getElementById(button.dataset.copy);
    if (!field) return;
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      field.focus();
      field.select();
      return;
    }
    show(button, true);
    setTimeout(() => show(button, false), STAYS);
  });
}

function show(button, isCopied) {
  button.querySelector("[data-copy-text]").hidden = isCopied;
  button.querySelector("[data-copied]").hidden = !isCopied;
}
