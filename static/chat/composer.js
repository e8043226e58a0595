// Where the visitor writes: grows with the words, keeps them over a reload, takes files in three ways.

import { fill, h, icon } from "./dom.js";
import { Tray } from "./files.js";

const EMOJI = [..."🙂😀😂😊😍😉😎🤔😢😭😡😱👍👎👏🙏👋🤝💪👀❤🎉🔥✨✅❌❓❗📦🚚🎁⏰"];
// What the longest message is where the inbox does not say.
const LONGEST = 5_000;

export class Composer {
  constructor(app, panel) {
    this.app = app;
    this.panel = panel;
    const { wording } = app;
    this.tray = new Tray(app, () => this.draw());
    this.field = h("textarea", {
      class: "words",
      rows: "1",
      dir: "auto",
      maxlength: app.chat.config.max_text ?? LONGEST,
      enterkeyhint: "send",
      "aria-label": wording.say("write"),
      placeholder: wording.say("write"),
      value: app.keep.get("draft") ?? "",
      on: {
        input: () => this.#typed(),
        keydown: (event) => this.#key(event),
        paste: (event) => this.#pasted(event),
      },
    });
    this.picker = h("input", { type: "file", multiple: true, tabindex: "-1", "aria-hidden": "true", class: "hidden", on: { change: () => this.#picked() } });
    this.clip = this.#button("attach", "clip", () => this.picker.click());
    this.smile = this.#button("emoji", "smile", () => this.#toggleEmoji());
    this.smile.setAttribute("aria-expanded", "false");
    this.emoji = h("div", { class: "emoji", hidden: true, on: { click: (event) => this.#chosen(event) } });
    this.button = h(
      "button",
      { type: "button", class: "send", "aria-label": wording.say("send"), title: wording.say("send"), on: { click: () => this.#send() } },
      icon("send"),
    );
    this.element = h(
      "div",
      { class: "composer" },
      this.emoji,
      this.tray.element,
      this.field,
      h("div", { class: "tools" }, this.clip, this.smile, h("span", { class: "gap" }), this.button),
      this.picker,
    );
    this.grown = "";
  }

  focus() {
    this.field.focus();
  }

  draw() {
    const { chat } = this.app;
    const limits = chat.config.files ?? {};
    this.clip.hidden = limits.max === 0;
    this.picker.accept = (limits.types ?? []).join(",");
    const { isBusy, ready } = this.tray;
    this.button.disabled = !(isBusy || ready.length || this.field.value.trim());
    if (this.isDue && !isBusy) this.#send();
    if (this.field.value !== this.grown && this.field.isConnected) this.#grow();
  }

  /** A click anywhere but on the emoji closes them. */
  outside(path) {
    if (!path.includes(this.emoji) && !path.includes(this.smile)) this.closeEmoji();
  }

  closeEmoji() {
    if (this.emoji.hidden) return false;
    this.#showEmoji(false);
    this.focus();
    return true;
  }

  /** Files that are dropped anywhere on the panel. */
  takeDropsFrom(area) {
    let depth = 0;
    const show = (by) => {
      depth = by ? Math.max(0, depth + by) : 0;
      area.classList.toggle("is-dropping", depth > 0);
    };
    const hasFiles = (event) => this.#mayAttach && event.dataTransfer?.types.includes("Files");
    area.addEventListener("dragenter", (event) => hasFiles(event) && show(1));
    area.addEventListener("dragleave", (event) => hasFiles(event) && show(-1));
    area.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
    area.addEventListener("drop", (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      show(0);
      this.tray.add([...event.dataTransfer.files]);
    });
  }

  get #mayAttach() {
    return this.element.isConnected && this.app.chat.config.files?.max !== 0;
  }

  #button(word, drawing, pressed) {
    const label = this.app.wording.say(word);
    return h("button", { type: "button", class: "round", "aria-label": label, title: label, on: { click: pressed } }, icon(drawing));
  }

  #typed() {
    this.isDue = false;
    this.app.keep.set("draft", this.field.value || null);
    if (this.field.value.trim()) this.app.chat.typing();
    this.draw();
  }

  #grow() {
    this.grown = this.field.value;
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }

  #key(event) {
    // An Enter that ends a word in an input method is not meant for us (Safari says so by its code only).
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    this.#send();
  }

  #pasted(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length || !this.#mayAttach) return;
    event.preventDefault();
    this.tray.add(files);
  }

  #picked() {
    this.tray.add([...this.picker.files]);
    this.picker.value = "";
    this.focus();
  }

  #send() {
    // Said while a file is still on its way: it goes once the file is there.
    this.isDue = this.tray.isBusy;
    const { chat, keep } = this.app;
    const [body, files] = [this.field.value.trim(), this.tray.ready];
    if (this.isDue || !(body || files.length)) return;
    this.field.value = "";
    keep.set("draft", null);
    this.tray.clear();
    this.panel.wish = "";
    this.panel.begun();
    chat.outbox.add(
      body,
      files.map(({ id, name, type, size }) => ({ id, name, type, size })),
    );
    this.draw();
    this.focus();
  }

  // ---- Emoji: those that chats are made of; a phone's keyboard has them all.

  #toggleEmoji() {
    this.#showEmoji(this.emoji.hidden);
    if (!this.emoji.hidden) this.emoji.firstElementChild.focus();
  }

  #showEmoji(isShown) {
    if (isShown && !this.emoji.firstChild) fill(this.emoji, EMOJI.map((sign) => h("button", { type: "button" }, sign)));
    this.emoji.hidden = !isShown;
    this.smile.setAttribute("aria-expanded", String(isShown));
  }

  #chosen(event) {
    const sign = event.target.closest("button")?.textContent;
    if (!sign) return;
    const { selectionStart, selectionEnd } = this.field;
    this.field.setRangeText(sign, selectionStart, selectionEnd, "end");
    this.#showEmoji(false);
    this.#typed();
    this.focus();
  }
}
