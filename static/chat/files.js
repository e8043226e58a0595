// Files: on their way up, and as they stand in the thread.

import { fill, h, icon, safeAddress } from "./dom.js";

const LARGEST_PICTURE = 12_000_000;
const PICTURE_SIDE = 240;
const STALE_SECONDS = 3000;

/** What is attached to the message that is being written. */
export class Tray {
  #files = [];

  constructor(app, changed) {
    this.app = app;
    this.changed = changed;
    this.element = h("div", { class: "tray" });
  }

  get ready() {
    return this.#files.filter((file) => file.id);
  }

  get isBusy() {
    return this.#files.some((file) => !file.id);
  }

  /** Take what the limits of the inbox allow, and say what they do not. */
  add(files) {
    const { wording, chat } = this.app;
    const limits = chat.config.files ?? {};
    this.#say("");
    for (const file of files) {
      const name = file.name || "image.png";
      if (limits.max && this.#files.length >= limits.max) this.#say(wording.say("tooMany", { n: limits.max }));
      else if (limits.max_bytes && file.size > limits.max_bytes) {
        this.#say(wording.say("tooBig", { name, size: wording.size(limits.max_bytes) }));
      } else if (!isWanted(file, limits.types)) this.#say(wording.say("wrongType", { name }));
      else this.#upload(file, name);
    }
  }

  clear() {
    this.#files = [];
    this.element.replaceChildren();
  }

  async #upload(file, name) {
    const { wording, chat } = this.app;
    const entry = { id: null, name, type: file.type, size: file.size, cancel: () => {}, isGone: false };
    const done = h("i", { class: "progress" });
    const told = h("span", { class: "hidden" });
    const label = wording.say("cancel", { name });
    const off = h("button", { type: "button", class: "round", "aria-label": label, title: label, on: { click: () => this.#remove(entry) } }, icon("close"));
    entry.element = h("div", { class: "chip", title: name }, icon("file"), h("bdi", { class: "chip-name" }, name), told, off, done);
    this.#files.push(entry);
    this.element.append(entry.element);
    this.changed();
    try {
      const sending = await chat.upload(file, (share) => {
        const percent = Math.round(share * 100);
        done.style.setProperty("--done", `${percent}%`);
        fill(told, wording.say("uploading", { name, percent }));
      });
      entry.cancel = sending.cancel;
      if (entry.isGone) sending.cancel();
      const made = await sending.done;
      if (entry.isGone) return;
      Object.assign(entry, { id: made.id, name: made.name, type: made.type, size: made.size });
      entry.element.classList.add("is-ready");
      fill(told);
      off.setAttribute("aria-label", wording.say("remove", { name }));
      off.title = wording.say("remove", { name });
    } catch (error) {
      if (entry.isGone) return;
      this.#remove(entry);
      this.#say(error.detail || wording.say("uploadFailed", { name }));
    }
    this.changed();
  }

  #remove(entry) {
    entry.isGone = true;
    entry.cancel();
    this.#files = this.#files.filter((file) => file !== entry);
    entry.element.remove();
    this.changed();
    this.app.panel.composer.focus();
  }

  #say(text) {
    this.app.panel.note(text);
  }
}

function isWanted(file, types) {
  if (!types?.length || types.includes("*/*")) return true;
  const type = file.type || "application/octet-stream";
  return types.some((wanted) => wanted === type || (wanted.endsWith("/*") && type.startsWith(wanted.slice(0, -1))));
}

/** A file in the thread: a picture as such, anything else by name and size. Made once, however often its row is. */
export function attachment(app, file) {
  if (!file.url) return made(app, file);
  if (!app.files.has(file.id)) app.files.set(file.id, made(app, file));
  return app.files.get(file.id);
}

function made(app, file) {
  const { wording } = app;
  const address = file.url ? safeAddress(file.url, app.chat.api.root) : "";
  const link = h(
    address ? "a" : "span",
    { class: "file", ...(address ? { href: address, target: "_blank", rel: "noopener noreferrer" } : {}) },
    icon("file"),
    h("span", { class: "file-text" }, h("bdi", { class: "file-name" }, file.name), h("span", { class: "file-size" }, wording.size(file.size ?? 0))),
    address ? h("span", { class: "hidden" }, `(${wording.say("newTab")})`) : null,
  );
  if (!address) return link;
  renewed(link, app, file);
  if (file.is_image && (file.size ?? 0) < LARGEST_PICTURE) picture(link, app, file, address);
  return link;
}

/** Drawn on a canvas: a host's policy need not allow pictures of ours, and nothing in the file can run. */
async function picture(link, app, file, address) {
  const canvas = h("canvas", { class: "picture", role: "img", "aria-label": app.wording.say("picture", { name: file.name }) });
  try {
    const answer = await fetch(address, { credentials: "omit" });
    if (!answer.ok) return;
    const image = await createImageBitmap(await answer.blob());
    const share = Math.min(1, PICTURE_SIDE / Math.max(image.width, image.height));
    const sharp = Math.min(1, share * (devicePixelRatio || 1));
    canvas.width = Math.max(1, Math.round(image.width * sharp));
    canvas.height = Math.max(1, Math.round(image.height * sharp));
    canvas.style.width = `${Math.max(1, Math.round(image.width * share))}px`;
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    image.close();
    link.classList.add("is-picture");
    fill(link, canvas, h("span", { class: "hidden" }, `(${app.wording.say("newTab")})`));
  } catch {
    // Not a picture that this browser can draw: its name stays.
  }
}

/** Addresses of files live shortly; one that is older is asked for again when it is needed. */
function renewed(link, app, file) {
  const madeAt = Date.now();
  link.addEventListener("click", async (event) => {
    if (Date.now() - madeAt < STALE_SECONDS * 1000) return;
    event.preventDefault();
    const opened = open("", "_blank");
    if (opened) opened.opener = null;
    const address = await app.chat.freshAddress(file.id).catch(() => "");
    const safe = address && safeAddress(address, app.chat.api.root);
    if (opened && safe) opened.location.replace(safe);
    else opened?.close();
  });
}
