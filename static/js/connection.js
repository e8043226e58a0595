// A quiet bar while nothing reaches the server.
export function watchConnection() {
  const bar = document.getElementById("connection");
  if (!bar) return;
  const show = (isLost) => (bar.hidden = !isLost);
  addEventListener("offline", () => show(true));
  addEventListener("online", () => show(false));
  document.addEventListener("htmx:sendError", () => show(true));
  document.addEventListener("htmx:afterOnLoad", () => show(false));
  show(!navigator.onLine);
}
