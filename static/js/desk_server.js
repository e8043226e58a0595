// Posting to the desk's server, and asking the page's parts to read again.
export class Refused extends Error {
  constructor(status, text, headers) {
    super(`refused with ${status}`);
    Object.assign(this, { status, text, headers });
  }
}

const ours = () => JSON.parse(document.body.getAttribute("hx-headers") || "{}");

// Throws TypeError when nothing reached the server, Refused when it said no (0: signed out meanwhile).
export async function post(url, fields, options = {}) {
  const response = await fetch(url, { method: "POST", body: fields instanceof FormData ? fields : new URLSearchParams(fields), headers: { ...ours(), "HX-Request": "true" }, credentials: "same-origin", ...options });
  const text = response.status === 204 ? "" : await response.text();
  if (response.redirected || response.status === 401) throw new Refused(0, "", response.headers);
  if (!response.ok) throw new Refused(response.status, text, response.headers);
  return { status: response.status, text, headers: response.headers };
}

// The open contact may have changed: everything that shows it reads again.
export function refreshContact(...but) {
  for (const id of ["desk-header", "desk-thread", "context", "wrap-up", "desk-list"]) {
    if (!but.includes(id) && document.getElementById(id)) htmx.trigger(`#${id}`, "ccx:refresh");
  }
}

// A part that is exchanged takes along what it was told while its answer was under way: the new one is told again.
function watchForgotten() {
  const told = new Map();
  const hear = ({ target }) => target.id && told.set(target.id, (told.get(target.id) ?? 0) + 1);
  for (const name of ["live", "ccx:refresh"]) document.addEventListener(name, hear, true);
  document.addEventListener("htmx:beforeRequest", ({ detail }) => {
    if (detail.elt === detail.target && detail.elt.id) detail.xhr.toldUpTo = told.get(detail.elt.id) ?? 0;
  });
  document.addEventListener("htmx:afterSettle", ({ detail: { xhr, target } }) => {
    if (!(xhr?.toldUpTo < told.get(target.id))) return;
    delete xhr.toldUpTo;
    const fresh = document.getElementById(target.id);
    if (fresh) htmx.trigger(fresh, "ccx:refresh");
  });
}

export function watchAnswers() {
  watchForgotten();
  document.addEventListener("ccx:contact", () => refreshContact());
  // A contact that one may not see any more: say so once, keep what was typed, ask no more.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const asked = event.detail.elt ?? event.target;
    if (event.detail.xhr.status !== 404 || !asked.closest?.("#desk-open")) return;
    event.detail.isError = false;
    event.detail.shouldSwap = false;
    for (const part of document.querySelectorAll("#desk-open [data-live]")) part.removeAttribute("data-live");
    const place = document.getElementById("desk-changed");
    const gone = document.getElementById("desk-gone");
    if (place && gone && !place.querySelector(".is-gone-note")) place.replaceChildren(gone.content.cloneNode(true));
  });
  // A form that is under way must stay in the page, or nobody hears its answer; the answer makes its part read again.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const part = event.detail.target;
    const isWaiting = part?.querySelector?.("form.htmx-request:not([hx-target]), form.htmx-request[hx-swap=none]");
    if (isWaiting && /^desk-(header|thread|list)$/.test(part.id)) event.detail.shouldSwap = false;
  });
  // A menu that somebody has open stays as it is; its part reads again when it closes.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const part = event.detail.target;
    const menu = part?.matches?.("details[open]") ? part : part?.querySelector?.("details[data-menu][open]");
    if (!menu || !/^(live|ccx:refresh)$/.test(event.detail.requestConfig?.triggeringEvent?.type)) return;
    event.detail.shouldSwap = false;
    menu.addEventListener("toggle", () => part.isConnected && htmx.trigger(part, "ccx:refresh"), { once: true });
  });
  // Nobody's typing is ever swapped away: a part in which somebody types waits until they have left it.
  document.addEventListener("htmx:beforeSwap", (event) => {
    const part = event.detail.target;
    const typing = document.activeElement;
    if (!part || part.id === "desk-open" || !part.contains(typing) || !/^(INPUT|TEXTAREA|SELECT)$/.test(typing.tagName)) return;
    if (event.detail.requestConfig?.triggeringEvent?.type !== "live") return;
    event.detail.shouldSwap = false;
    typing.addEventListener("blur", () => setTimeout(() => part.isConnected && htmx.trigger(part, "ccx:refresh"), 300), { once: true });
  });
}
