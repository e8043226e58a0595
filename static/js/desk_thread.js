// The conversation keeps to its end while one reads the end, and stays where it is while one reads above.
const NEAR = 80;

export function watchThread() {
  let height = 0;
  let wasAtEnd = true;
  const scroll = () => document.getElementById("thread-scroll");

  document.addEventListener("htmx:beforeSwap", (event) => {
    const box = scroll();
    const id = event.detail.target?.id;
    if (!box || (id !== "desk-thread" && id !== "thread-earlier")) return;
    height = box.scrollHeight;
    wasAtEnd = height - box.scrollTop - box.clientHeight < NEAR;
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    const box = scroll();
    if (!box) return;
    const id = event.detail.target?.id;
    if (id === "desk-open") toEnd();
    else if (id === "thread-earlier") box.scrollTop += box.scrollHeight - height;
    else if (id === "desk-thread" && wasAtEnd) toEnd();
  });
  // A customer's link opens beside the desk, and learns nothing of it.
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".say-body a");
    if (!link) return;
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }, true);
  toEnd();
}

export function toEnd() {
  const box = document.getElementById("thread-scroll");
  if (box) box.scrollTop = box.scrollHeight;
}
