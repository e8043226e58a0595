// The open chat: who is there, what was said, and where one writes.

import { Composer } from "./composer.js";
import { fill, h, icon } from "./dom.js";
import { Forms } from "./forms.js";
import { Thread, face } from "./thread.js";

const FOCUSABLE = "button:not([disabled]):not([hidden]), textarea, input:not([type=file]), select, a[href], [tabindex='0']";

export class Panel {
  /** What the visitor asked to do instead of chatting: "leave" a message; or begins "again" after an end. */
  wish = "";
  #note = "";
  #isMenuOpen = false;

  constructor(app) {
    this.app = app;
    const { wording } = app;
    this.forms = new Forms(app, this);
    this.thread = new Thread(app, this);
    this.composer = new Composer(app, this);
    this.face = h("div", { class: "head-face" });
    this.title = h("h2", { class: "head-title", id: "title", tabindex: "-1" });
    this.presence = h("p", { class: "head-presence" });
    this.more = this.#button("more", "more", () => this.#toggleMenu());
    this.menu = h("div", { class: "menu", hidden: true });
    this.bar = h("div", { class: "bar", role: "status" });
    this.note_ = h("div", { class: "note", role: "status" });
    this.foot = h("div", { class: "foot" });
    this.question = h("div", { class: "veil", hidden: true });
    this.inside = h(
      "div",
      { class: "inside" },
      h(
        "div",
        { class: "head" },
        this.face,
        h("div", { class: "head-text" }, this.title, this.presence),
        this.more,
        this.#button("close", "close", () => app.close()),
        this.menu,
      ),
      this.bar,
      this.note_,
      this.thread.element,
      this.foot,
      h("div", { class: "dropping", "aria-hidden": "true" }, icon("clip"), wording.say("drop")),
    );
    this.element = h(
      "section",
      {
        class: "panel",
        role: "dialog",
        "aria-labelledby": "title",
        hidden: true,
        on: { keydown: (event) => this.#key(event), click: (event) => this.#outside(event) },
      },
      this.inside,
      this.question,
    );
    this.composer.takeDropsFrom(this.inside);
  }

  get isAtEnd() {
    return this.thread.isAtEnd;
  }

  show(takesFocus) {
    this.element.hidden = false;
    this.thread.toEnd();
    if (!takesFocus) return;
    // After the drawing that follows; a phone's keyboard comes only when asked for.
    setTimeout(() => this.#first().focus({ preventScroll: true }));
  }

  hide() {
    this.element.hidden = true;
    this.#note = "";
    this.#closeMenu();
    this.#answer();
  }

  /** A sentence on top, until the panel is closed. */
  note(text) {
    this.#note = text;
    this.app.draw();
  }

  /** What is to be done here now: "leave", "left", "questions" or "thread". */
  get mode() {
    const { chat } = this.app;
    if (this.forms.left) return "left";
    if (chat.isRunning) return "thread";
    if (chat.isAway) return this.wish === "leave" || !chat.messages.length ? "leave" : "thread";
    return this.forms.mustAsk ? "questions" : "thread";
  }

  /** Something was written: what stood on top is settled. */
  begun() {
    this.#note = "";
  }

  draw() {
    if (this.element.hidden) return;
    const { chat, wording, phone } = this.app;
    const { agent, config } = chat;
    const name = agent?.name || config.title;
    this.element.setAttribute("aria-modal", String(phone.matches));
    if (this.title.textContent !== name) {
      this.title.title = name;
      fill(this.title, h("bdi", {}, name));
      fill(this.face, face(name));
    }
    const isHere = chat.isOpen || Boolean(agent && chat.isRunning);
    fill(this.presence, h("span", { class: isHere ? "dot is-here" : "dot" }), this.#presence(isHere));
    fill(this.bar, chat.isLost ? wording.say("noConnection") : "");
    fill(this.note_, this.#note);
    this.#drawMenu();
    this.#drawFoot();
    this.thread.draw();
  }

  #presence(isHere) {
    const { chat, wording } = this.app;
    if (!isHere) return wording.back(chat.config.opens_at);
    return chat.agent && chat.isRunning ? chat.config.title : wording.say("online");
  }

  #drawFoot() {
    const { chat, wording } = this.app;
    const { mode } = this;
    const [look, make] =
      mode !== "thread"
        ? ["nothing", () => []]
        : chat.isAway
          ? ["closed", () => this.#footButton("leave", () => this.#wish("leave"), wording.back(chat.config.opens_at))]
          : chat.status === "ended" && this.wish !== "again"
            ? ["ended", () => this.#footButton("again", () => this.#wish("again"))]
            : ["composer", () => this.composer.element];
    if (this.foot.dataset.look !== look) {
      this.foot.dataset.look = look;
      fill(this.foot, make());
    }
    this.composer.draw();
  }

  #footButton(word, pressed, told = "") {
    const text = told ? h("p", { class: "foot-told" }, told) : null;
    const button = h("button", { type: "button", class: "wide", on: { click: pressed } }, this.app.wording.say(word));
    return h("div", { class: "foot-choice" }, text, button);
  }

  #wish(wish) {
    this.wish = wish;
    this.app.draw();
    setTimeout(() => this.#first().focus());
  }

  #first() {
    const wanted = this.mode === "thread" ? "textarea.words, .foot button" : ".form :is(input, select, textarea)";
    const field = this.inside.querySelector(wanted);
    const isTouch = matchMedia("(pointer: coarse)").matches;
    return field && !isTouch ? field : this.title;
  }

  // ---- The menu.

  #button(word, drawing, pressed) {
    const label = this.app.wording.say(word);
    return h("button", { type: "button", class: "round", "aria-label": label, title: label, on: { click: pressed } }, icon(drawing));
  }

  #drawMenu() {
    const { wording, hasSound, chat } = this.app;
    this.more.setAttribute("aria-expanded", String(this.#isMenuOpen));
    this.menu.hidden = !this.#isMenuOpen;
    const look = `${hasSound} ${chat.isRunning} ${this.forms.mayAskEmail}`;
    if (this.menu.dataset.look === look) return;
    this.menu.dataset.look = look;
    const item = (drawing, word, pressed) =>
      h("button", { type: "button", class: "menu-item", on: { click: pressed } }, icon(drawing), wording.say(word));
    fill(
      this.menu,
      item(hasSound ? "mute" : "sound", hasSound ? "soundOff" : "soundOn", () => {
        this.app.hasSound = !hasSound;
        this.#closeMenu();
        this.more.focus();
      }),
      this.forms.mayAskEmail ? item("mail", "byEmail", () => this.#askEmail()) : null,
      chat.isRunning ? item("end", "end", () => this.#ask()) : null,
    );
  }

  #askEmail() {
    this.#closeMenu();
    this.forms.askEmail();
  }

  #toggleMenu() {
    this.#isMenuOpen = !this.#isMenuOpen;
    this.#drawMenu();
    if (this.#isMenuOpen) this.menu.firstElementChild.focus();
  }

  #closeMenu() {
    this.#isMenuOpen = false;
    this.#drawMenu();
  }

  #outside(event) {
    const path = event.composedPath();
    if (this.#isMenuOpen && !path.includes(this.menu) && !path.includes(this.more)) this.#closeMenu();
    this.composer.outside(path);
  }

  // ---- The one question that needs an answer before anything else.

  #ask() {
    const { wording, chat } = this.app;
    this.#closeMenu();
    const no = h("button", { type: "button", class: "wide is-quiet", on: { click: () => this.#answer() } }, wording.say("endNo"));
    const yes = h(
      "button",
      {
        type: "button",
        class: "wide is-final",
        on: {
          click: () => {
            this.#answer();
            chat.end().catch(() => this.note(wording.say("wentWrong")));
          },
        },
      },
      wording.say("end"),
    );
    fill(
      this.question,
      h(
        "div",
        { class: "question", role: "alertdialog", "aria-modal": "true", "aria-labelledby": "ask", "aria-describedby": "asked" },
        h("h3", { id: "ask" }, wording.say("endQuestion")),
        h("p", { id: "asked" }, wording.say("endExplained")),
        h("div", { class: "question-answers" }, no, yes),
      ),
    );
    this.question.hidden = false;
    this.inside.inert = true;
    no.focus();
  }

  #answer() {
    if (this.question.hidden) return;
    this.question.hidden = true;
    this.inside.inert = false;
    this.question.replaceChildren();
    if (!this.element.hidden) this.more.focus();
  }

  // ---- Keys.

  #key(event) {
    if (event.key === "Escape" && !event.isComposing) {
      event.preventDefault();
      if (!this.question.hidden) this.#answer();
      else if (this.#isMenuOpen) {
        this.#closeMenu();
        this.more.focus();
      } else if (!this.composer.closeEmoji()) this.app.close();
    } else if (event.key === "Tab" && (this.app.phone.matches || !this.question.hidden)) this.#turn(event);
  }

  /** Where nothing else can be seen, the keyboard stays too. */
  #turn(event) {
    const within = this.question.hidden ? this.inside : this.question;
    const stops = [...within.querySelectorAll(FOCUSABLE)].filter((stop) => stop.offsetParent !== null);
    const at = this.app.shadow.activeElement;
    const edge = event.shiftKey ? stops[0] : stops.at(-1);
    if (at !== edge && stops.includes(at)) return;
    event.preventDefault();
    (event.shiftKey ? stops.at(-1) : stops[0])?.focus();
  }
}
