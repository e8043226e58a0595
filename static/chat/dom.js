// Elements without markup: data reaches the page as text only, and no string is ever parsed as HTML.

const SVG = "http://www.w3.org/2000/svg";

// Drawings on a grid of 24, as paths to stroke.
const DRAWINGS = {
  chat: ["M4 20.5l1.4-4.2A8.2 8.2 0 1 1 8.6 19z"],
  down: ["M6 9.5l6 6 6-6"],
  close: ["M6 6l12 12", "M18 6L6 18"],
  send: ["M12 19V5", "M6 11l6-6 6 6"],
  clip: ["M15.5 7l-6.8 6.8a1.6 1.6 0 0 0 2.3 2.3l6.9-6.9a3.3 3.3 0 0 0-4.7-4.7l-7 7a5 5 0 0 0 7.1 7.1l6.2-6.2"],
  file: ["M14 3v5h5", "M6 3h8l5 5v11a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V5a2 2 0 0 1 2-2z"],
  more: [5, 12, 19].map((x) => `M${x - 0.7} 12a.7.7 0 1 0 1.4 0 .7.7 0 1 0-1.4 0`),
  sound: ["M5 9.5v5h3l4.5 4v-13l-4.5 4z", "M16 9a4 4 0 0 1 0 6", "M18.5 6.5a8 8 0 0 1 0 11"],
  mute: ["M5 9.5v5h3l4.5 4v-13l-4.5 4z", "M16.5 10l4 4", "M20.5 10l-4 4"],
  end: ["M14 4h3a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2h-3", "M10 8l-4 4 4 4", "M6 12h9"],
  mail: ["M4 6h16v12H4z", "M4 7l8 6 8-6"],
  retry: ["M19 12a7 7 0 1 1-2-4.9", "M19 4v4h-4"],
  smile: ["M12 21a9 9 0 1 1 0-18 9 9 0 0 1 0 18z", "M9 10h.01", "M15 10h.01", "M8.5 14.5a4.6 4.6 0 0 0 7 0"],
};

/** An element: attributes by name, `class`, listeners under `on`, and children that are nodes or text. */
export function h(name, given = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (value === null || value === undefined || value === false) continue;
    if (key === "on") for (const [event, heard] of Object.entries(value)) element.addEventListener(event, heard);
    else if (key === "value") element.value = value;
    else element.setAttribute(key, value === true ? "" : value);
  }
  fill(element, ...children);
  return element;
}

/** Children in place of whatever was there; empty ones are left out. */
export function fill(element, ...children) {
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: "icon", "aria-hidden": "true" })) {
    drawing.setAttribute(key, value);
  }
  for (const line of DRAWINGS[name]) {
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", line);
    drawing.append(path);
  }
  return drawing;
}

/** Rows in their order: an element whose key and look are as before stays as it is, with its focus and selection. */
export function settle(box, rows) {
  const before = new Map([...box.children].map((child) => [child.dataset.key, child]));
  let at = box.firstElementChild;
  for (const row of rows) {
    let element = before.get(row.key);
    before.delete(row.key);
    if (element?.dataset.look !== row.look) {
      const fresh = row.make();
      fresh.dataset.key = row.key;
      fresh.dataset.look = row.look;
      element?.replaceWith(fresh);
      if (at === element && element) at = fresh;
      element = fresh;
    }
    if (element === at) at = at.nextElementSibling;
    else box.insertBefore(element, at);
  }
  for (const left of before.values()) left.remove();
}

const ADDRESS = /\b(?:https?:\/\/|www\.)[^\s<>"']+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+/gi;
const SAFE = new Set(["http:", "https:", "mailto:"]);

/** Text with its web and mail addresses as links; anything else that looks like one stays text. */
export function linked(text) {
  const parts = [];
  let done = 0;
  for (const found of text.matchAll(ADDRESS)) {
    const shown = trimmed(found[0]);
    const address = target(shown);
    if (!address) continue;
    parts.push(text.slice(done, found.index), h("a", { href: address, target: "_blank", rel: "noopener noreferrer nofollow" }, shown));
    done = found.index + shown.length;
  }
  parts.push(text.slice(done));
  return parts.filter(Boolean);
}

function trimmed(found) {
  let shown = found.replace(/[.,;:!?'"\u201d\u2019\u00bb]+$/, "");
  // A closing bracket belongs to the sentence unless the address opened it.
  while (/[)\]}]$/.test(shown) && !/[([{]/.test(shown)) shown = shown.slice(0, -1);
  return shown;
}

function target(shown) {
  const whole = /^https?:/i.test(shown) ? shown : shown.includes("@") && !/^www\./i.test(shown) ? `mailto:${shown}` : `https://${shown}`;
  try {
    const url = new URL(whole);
    return SAFE.has(url.protocol) ? url.href : "";
  } catch {
    return "";
  }
}

/** An address that a server gave us, if a click on it can only ever open a page. */
export function safeAddress(given, base) {
  try {
    const url = new URL(given, base);
    return url.protocol === "http:" || url.protocol === "https:" ? url.href : "";
  } catch {
    return "";
  }
}
