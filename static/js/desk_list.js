// The work list: what is new never moves the row under the pointer; which row is open; j and k.
export function watchList() {
  const list = () => document.getElementById("desk-list");
  const scroll = document.getElementById("desk-scroll");
  const news = document.getElementById("work-news");
  let isOver = false;
  let height = 0; // of the pointer
  let waiting = null;
  let deeds = 0; // what I did myself
  let shown = 0; // and so much of it the list knows of

  scroll.addEventListener("pointerenter", (event) => (isOver = event.pointerType === "mouse"));
  scroll.addEventListener("pointermove", (event) => (height = event.clientY), { passive: true });
  scroll.addEventListener("pointerleave", () => {
    isOver = false;
    takeWaiting();
  });
  news.addEventListener("click", takeWaiting);

  // What one did oneself is shown at once, wherever the pointer is: whatever comes is taken until one has come that was
  // asked for afterwards.
  document.addEventListener("ccx:refresh", (event) => event.target.id === "desk-list" && (deeds += 1), true);
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target?.id === "desk-list") event.detail.xhr.knowsOf = deeds;
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.target?.id !== "desk-list" || !event.detail.shouldSwap) return;
    event.detail.shouldSwap = false;
    const fresh = new DOMParser().parseFromString(event.detail.xhr.responseText, "text/html").getElementById("desk-list");
    if (!fresh) return;
    const isAsked = event.detail.requestConfig?.triggeringEvent?.type === "click";
    const isMine = shown < deeds;
    shown = Math.max(shown, event.detail.xhr.knowsOf);
    if (isAsked || isMine || !isOver || sameOrder(list(), fresh)) return replace(fresh);
    waiting = fresh;
    patch(list(), fresh);
    announce(changes(list(), fresh));
    float(fresh);
  });

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id !== "desk-open") return;
    markOpen();
    nameTab();
  });
  document.addEventListener("ccx:list", tellWhatRings);
  markOpen();
  tellWhatRings();

  function replace(fresh) {
    waiting = null;
    news.hidden = true;
    const focused = document.activeElement?.closest?.("#desk-list [id], #desk-list .work-row");
    const key = focused?.closest("[id]")?.id;
    const inner = focused?.classList.contains("work-row") ? ".work-row" : null;
    const top = scroll.scrollTop;
    document.getElementById("work-floating")?.remove();
    list().replaceWith(fresh);
    htmx.process(fresh);
    // Asked for while another answer was under way, and forgotten with the list that asked.
    if (shown < deeds) htmx.trigger(fresh, "ccx:refresh");
    scroll.scrollTop = top;
    markOpen();
    if (key) {
      const again = document.getElementById(key);
      (inner ? again?.querySelector(inner) : again)?.focus({ preventScroll: true });
    }
    document.dispatchEvent(new CustomEvent("ccx:list"));
  }

  // What rings cannot wait until the pointer leaves: it floats where the pointer is not, and moves no row.
  function float(fresh) {
    document.getElementById("work-floating")?.remove();
    const rings = fresh.querySelector("[data-group=now]")?.cloneNode(true);
    for (const item of rings?.querySelectorAll(".work-item") ?? []) if (document.getElementById(item.id)) item.remove();
    if (!rings?.querySelector(".work-item")) return;
    rings.removeAttribute("aria-labelledby");
    rings.querySelector(".work-head").remove();
    const place = document.createElement("div");
    place.id = place.className = "work-floating";
    const box = scroll.getBoundingClientRect();
    place.dataset.at = height < box.top + box.height / 2 ? "end" : "start";
    place.append(rings);
    scroll.after(place);
    htmx.process(place);
    document.dispatchEvent(new CustomEvent("ccx:list"));
  }

  function takeWaiting() {
    if (waiting) replace(waiting);
  }

  function announce(number) {
    news.hidden = number === 0;
    news.querySelector("span").textContent = number === 1 ? news.dataset.one : news.dataset.many.replace("%d", number);
  }
}

const keys = (list) => [...list.querySelectorAll(".work-item, .work-fold")].map((item) => item.id);
const sameOrder = (now, fresh) => keys(now).join() === keys(fresh).join();

function changes(now, fresh) {
  const here = new Set(keys(now));
  const there = new Set(keys(fresh));
  return [...there].filter((id) => !here.has(id)).length + [...here].filter((id) => !there.has(id)).length || 1;
}

// Rows that stay where they are get their new words; those that are gone say so and keep their place.
function patch(now, fresh) {
  for (const item of now.querySelectorAll(".work-item, .work-fold")) {
    const other = fresh.querySelector(`#${CSS.escape(item.id)}`);
    item.classList.toggle("is-gone", !other);
    if (other && !item.contains(document.activeElement)) {
      item.innerHTML = other.innerHTML;
      htmx.process(item);
    }
  }
  markOpen();
}

// The browser's tab says what is open, and how much rings.
function nameTab() {
  const open = document.getElementById("desk-open")?.dataset.title || document.getElementById("work-title").textContent;
  const ringing = document.querySelectorAll(".desk-list .ringing").length;
  document.title = ringing ? `(${ringing}) ${open}` : open;
}

let rang = new Set();

// What begins to ring is said once to those who do not see it.
function tellWhatRings() {
  const now = [...document.querySelectorAll(".desk-list .work-item:has(.ringing)")];
  const fresh = now.filter((item) => !rang.has(item.id));
  rang = new Set(now.map((item) => item.id));
  const place = document.getElementById("work-said");
  if (fresh.length) place.textContent = place.dataset.words.replace("%s", fresh.map((item) => item.querySelector(".work-name").textContent).join(", "));
  if (fresh.length) setTimeout(() => (place.textContent = ""), 8000);
  nameTab();
}

export function markOpen() {
  const open = document.getElementById("desk-open")?.dataset.contact ?? "";
  for (const item of document.querySelectorAll(".work-item")) {
    const row = item.querySelector(".work-row");
    if (open && item.dataset.contact === open) row.setAttribute("aria-current", "true");
    else row.removeAttribute("aria-current");
  }
}

export function stepInList(step) {
  const rows = [...document.querySelectorAll("#desk-list .work-row")];
  if (!rows.length) return;
  const here = rows.indexOf(document.activeElement);
  const open = rows.findIndex((row) => row.hasAttribute("aria-current"));
  const from = here >= 0 ? here : open;
  const next = rows[Math.min(rows.length - 1, Math.max(0, from < 0 ? 0 : from + step))];
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}
