// The conversation keeps to its end while one reads the end, and stays where it is while one reads above.
const NEAR = 80;

const SEEN = "ccx-desk-seen";
const MOST_SEEN = 200;

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
    if (id === "desk-open" || id === "desk-thread") markNew(id === "desk-open");
    if (id === "desk-open") toEnd();
    else if (id === "thread-earlier") box.scrollTop += box.scrollHeight - height;
    else if (id === "desk-thread" && wasAtEnd) toEnd();
  });
  // The composer below grows and shrinks: who reads the end goes on reading it.
  let isAtEnd = true;
  const watched = new ResizeObserver(() => isAtEnd && toEnd());
  const watch = () => {
    const box = scroll();
    watched.disconnect();
    if (!box) return;
    watched.observe(box);
    box.addEventListener("scroll", () => (isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR), { passive: true });
  };
  document.addEventListener("htmx:afterSwap", (event) => event.detail.target?.id === "desk-open" && watch());
  watch();
  // A customer's link opens beside the desk, and learns nothing of it.
  document.addEventListener("click", (event) => {
    const link = event.target.closest(".say-body a");
    if (!link) return;
    link.target = "_blank";
    link.rel = "noopener noreferrer nofollow";
  }, true);
  document.addEventListener("ccx:thread", () => markNew(false));
  document.addEventListener("visibilitychange", () => (document.hidden ? remember() : null));
  addEventListener("pagehide", remember);
  document.addEventListener("htmx:beforeSwap", (event) => event.detail.target?.id === "desk-open" && remember());
  markNew(true);
  toEnd();
}

// ---- The line above what came since one was here last.

let above = ""; // the first message below the line

function markNew(isOpening) {
  const contact = document.getElementById("desk-open")?.dataset.contact;
  const words = document.getElementById("desk").dataset.newWords;
  const all = [...document.querySelectorAll("#desk-thread .say")];
  if (isOpening) {
    const last = contact && seen().get(contact);
    const next = last ? all[all.findIndex((item) => item.dataset.message === last) + 1] : null;
    above = last && next && all.some((item) => item.dataset.message === last) ? next.dataset.message : "";
  }
  const first = all.find((item) => item.dataset.message === above);
  if (!first || document.getElementById("thread-new")) return;
  const line = document.createElement("li");
  line.id = "thread-new";
  line.className = "thread-mark thread-new";
  line.textContent = words;
  first.before(line);
}

function remember() {
  const contact = document.getElementById("desk-open")?.dataset.contact;
  const last = [...document.querySelectorAll("#desk-thread .say")].at(-1)?.dataset.message;
  if (!contact || !last) return;
  const kept = seen();
  kept.delete(contact);
  kept.set(contact, last);
  try {
    localStorage.setItem(SEEN, JSON.stringify([...kept].slice(-MOST_SEEN)));
  } catch {
    // no line then
  }
}

function seen() {
  try {
    return new Map(JSON.parse(localStorage.getItem(SEEN)) ?? []);
  } catch {
    return new Map();
  }
}

export function toEnd() {
  const box = document.getElementById("thread-scroll");
  if (box) box.scrollTop = box.scrollHeight;
}
