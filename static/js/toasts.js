// Short messages in the corner. Good news leaves by itself, trouble stays until closed.
const STAYS = 6000;

export function toast(text, level = "info") {
  const region = document.getElementById("messages");
  const template = document.getElementById("toast-template");
  if (!region || !template) return;
  const note = template.content.firstElementChild.cloneNode(true);
  note.dataset.toast = level;
  note.classList.add(`toast-${level}`);
  const drawing = { error: "bad", warning: "warning", success: "good" }[level] ?? "info";
  const use = note.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#${drawing}`));
  note.querySelector(".toast-text").textContent = text;
  region.append(note);
  leaveLater(note);
}

function leaveLater(note) {
  if (note.dataset.toast === "error" || note.dataset.toast === "warning") return;
  const leave = () => (note.matches(":hover, :focus-within") ? setTimeout(leave, STAYS) : note.remove());
  setTimeout(leave, STAYS);
}

export function watchToasts() {
  for (const note of document.querySelectorAll("#messages [data-toast]")) leaveLater(note);
  document.addEventListener("click", (event) => event.target.closest("[data-close-toast]")?.closest("[data-toast]").remove());
  // A view may answer with HX-Trigger: {"ccx:toast": {"text": "...", "level": "success"}}.
  document.addEventListener("ccx:toast", (event) => toast(event.detail.text, event.detail.level));
  document.addEventListener("htmx:responseError", (event) => {
    const reference = event.detail.xhr.getResponseHeader("X-Request-ID") ?? String(event.detail.xhr.status);
    toast(`${document.getElementById("failure-text").content.textContent} ${reference}`, "error");
  });
}
