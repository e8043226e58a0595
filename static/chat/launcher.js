// The button in the corner, its badge, and a glimpse of what came while the chat was closed.

import { fill, h, icon } from "./dom.js";
import { face, gist } from "./thread.js";

export class Launcher {
  #teased = null;

  constructor(app) {
    this.app = app;
    this.badge = h("span", { class: "badge", "aria-hidden": "true" });
    this.button = h(
      "button",
      { type: "button", class: "launcher", "aria-haspopup": "dialog", on: { click: () => this.#toggle() } },
      h("span", { class: "launcher-icon when-closed" }, icon("chat")),
      h("span", { class: "launcher-icon when-open" }, icon("down")),
      this.badge,
    );
    this.teaser = h("div", { class: "teaser", hidden: true });
    this.element = h("div", { class: "corner", role: "region", "aria-label": app.chat.config.title }, this.teaser, this.button);
  }

  focus() {
    this.button.focus();
  }

  /** Show the last of what came, beside the button. */
  tease(said) {
    this.#teased = said.seq > (this.app.keep.getHere("dismissed") ?? 0) ? said : null;
  }

  draw() {
    const { chat, isOpen, wording, options } = this.app;
    const { unread } = chat;
    this.button.hidden = options.launcher === false || options.launcher === "none";
    this.button.setAttribute("aria-expanded", String(isOpen));
    const label = isOpen ? "close" : unread ? "openUnread" : "open";
    this.button.setAttribute("aria-label", wording.say(label, { n: unread }));
    this.badge.hidden = isOpen || !unread;
    this.badge.textContent = unread > 9 ? "9+" : unread;
    if (isOpen || !unread) this.#teased = null;
    this.#drawTeaser();
  }

  #drawTeaser() {
    const said = this.#teased;
    this.teaser.hidden = !said;
    if (!said) {
      this.teaser.replaceChildren();
      return;
    }
    const { wording, chat } = this.app;
    const name = said.name || chat.config.title;
    fill(
      this.teaser,
      h(
        "button",
        { type: "button", class: "teaser-open", on: { click: () => this.app.open() } },
        face(name),
        h(
          "span",
          { class: "teaser-text" },
          h("span", { class: "teaser-name", dir: "auto" }, name),
          h("span", { class: "teaser-words", dir: "auto" }, gist(said)),
        ),
      ),
      h(
        "button",
        { type: "button", class: "round teaser-close", "aria-label": wording.say("dismiss"), on: { click: () => this.#dismiss() } },
        icon("close"),
      ),
    );
  }

  #dismiss() {
    this.app.keep.setHere("dismissed", this.#teased.seq);
    this.#teased = null;
    this.#drawTeaser();
    this.focus();
  }

  #toggle() {
    if (this.app.isOpen) this.app.close();
    else this.app.open();
  }
}
