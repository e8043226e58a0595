// What a shop's own script does around the chat: it says who is signed in, opens the chat by a button of its own,
// and takes everything away when somebody signs out.
const { signed } = document.currentScript.dataset;
window.ccxChat = signed ? { user: JSON.parse(signed) } : {};

addEventListener("DOMContentLoaded", () => {
  for (const button of document.querySelectorAll("[data-ask-shop]")) {
    button.addEventListener("click", () => window.ccxChat.open());
  }
  document.querySelector(".account")?.addEventListener("submit", () => window.ccxChat.shutdown?.());
});
