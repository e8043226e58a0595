// A page of ours that is nothing but a chat: it opens by itself, and again by its button.
addEventListener("DOMContentLoaded", () => {
  document.querySelector("[data-open-chat]")?.addEventListener("click", () => window.ccxChat?.open?.());
  window.ccxChat?.open?.();
});
