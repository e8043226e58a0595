// What is asked: before the chat, when nobody is there, and where an answer may go when the visitor leaves.

import { newId } from "./api.js";
import { fill, h, icon } from "./dom.js";

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]{2,}$/;
const TYPES = { email: "email", tel: "tel", phone: "tel", number: "number", date: "date" };
const FILLED_BY = { email: "email", tel: "tel", phone: "tel", name: "name" };

export class Forms {
  /** Where the answer to a message left here goes; "" while none was left. */
  left = "";
  #isChangingEmail = false;
  #saysEmail = false;

  constructor(app, panel) {
    this.app = app;
    this.panel = panel;
  }

  /** Whether there is something to ask before the first word. */
  get mustAsk() {
    const { chat } = this.app;
    return (chat.isAsked || (!chat.isKnown && !chat.answers)) && this.#questions().length > 0;
  }

  #questions() {
    const { chat } = this.app;
    const { config, options } = chat;
    const known = options.user ?? {};
    const asked = (config.questions ?? []).filter(({ name }) => chat.isAsked || !known[name]);
    const hasEmail = (known.email && !chat.isAsked) || (config.questions ?? []).some((question) => question.name === "email");
    if (config.wants_email === "always" && !hasEmail) asked.push(this.#email());
    return asked;
  }

  #email() {
    return { name: "email", label: this.app.wording.say("email"), kind: "email", required: true };
  }

  rows(mode) {
    const { wording, chat } = this.app;
    if (mode === "left") return [{ key: "left", look: this.left, make: () => this.#thanks() }];
    if (mode === "questions") {
      const questions = this.#questions();
      return [{ key: "questions", look: JSON.stringify(questions), make: () => this.#before(questions) }];
    }
    return [{ key: "leave", look: wording.back(chat.config.opens_at), make: () => this.#away() }];
  }

  #before(questions) {
    const { wording, chat } = this.app;
    return this.#form({
      title: wording.say("before"),
      questions,
      button: wording.say("begin"),
      send: async (answers) => {
        await chat.answer(answers);
        setTimeout(() => this.panel.composer.focus());
      },
    });
  }

  #away() {
    const { wording, chat } = this.app;
    const { user } = chat.options;
    // Sent twice, it counts once.
    const id = newId();
    const known = { name: chat.visitor?.name || user?.name || "", email: chat.email || user?.email || "" };
    const more = (chat.config.questions ?? []).filter(({ name }) => name !== "name" && name !== "email");
    const questions = [
      { name: "name", label: wording.say("name"), kind: "text", required: false },
      { ...this.#email(), value: known.email },
      ...more,
      { name: "body", label: wording.say("message"), kind: "textarea", required: true, value: this.app.keep.get("draft") ?? "" },
    ];
    questions[0].value = known.name;
    return this.#form({
      title: wording.say("awayNow"),
      told: [chat.config.opens_at && `${wording.back(chat.config.opens_at)}.`, wording.say("awayExplained")].filter(Boolean).join(" "),
      questions,
      button: wording.say("leaveSend"),
      send: async ({ name = "", email, body, ...answers }) => {
        await chat.leaveMessage({ id, name, email, body, answers });
        this.app.keep.set("draft", null);
        this.left = email;
        this.app.draw();
        this.app.announce(wording.say("thanks"));
        setTimeout(() => this.panel.title.focus());
      },
    });
  }

  #thanks() {
    const { wording } = this.app;
    const again = () => {
      this.left = "";
      this.app.draw();
    };
    return h(
      "div",
      { class: "form is-done" },
      h("span", { class: "done-sign" }, icon("mail")),
      h("h3", {}, wording.say("thanks")),
      h("p", {}, wording.say("thanksExplained", { email: this.left })),
      h("button", { type: "button", class: "wide is-quiet", on: { click: again } }, wording.say("another")),
    );
  }

  // ---- "Leave your e-mail and close the window".

  get mayAskEmail() {
    const { chat } = this.app;
    return chat.isRunning && chat.config.wants_email !== "no" && chat.messages.some((said) => said.from === "visitor");
  }

  /** The visitor wants to be asked. */
  askEmail() {
    this.#isChangingEmail = true;
    this.app.draw();
    setTimeout(() => {
      this.panel.thread.toEnd();
      this.panel.inside.querySelector(".form input")?.focus();
    });
  }

  /** While nobody answers it is offered; once somebody does, it is in the menu and out of the way. */
  emailRows() {
    const { chat } = this.app;
    if (!this.mayAskEmail) return [];
    if (this.#isChangingEmail || (!chat.email && chat.status === "waiting")) {
      return [{ key: "email", look: `ask ${this.#isChangingEmail}`, make: () => this.#askEmail() }];
    }
    if (!chat.email || (chat.status !== "waiting" && !this.#saysEmail)) return [];
    return [{ key: "email", look: chat.email, make: () => this.#knownEmail() }];
  }

  #knownEmail() {
    const { wording } = this.app;
    const change = () => this.askEmail();
    return h(
      "div",
      { class: "event is-email" },
      icon("mail"),
      h("span", {}, wording.say("emailKnown", { email: this.app.chat.email }), " ", h("button", { type: "button", class: "text-button", on: { click: change } }, wording.say("change"))),
    );
  }

  #askEmail() {
    const { wording, chat } = this.app;
    return this.#form({
      title: wording.say("emailQuestion"),
      told: wording.say("emailExplained"),
      questions: [{ ...this.#email(), value: chat.email || chat.options.user?.email || "" }],
      button: wording.say("save"),
      isInline: true,
      cancel: this.#isChangingEmail ? () => this.#emailIsSettled() : null,
      send: async ({ email }) => {
        await chat.leaveEmail(email);
        this.#saysEmail = true;
        this.#emailIsSettled();
        this.app.announce(wording.say("emailKnown", { email }));
      },
    });
  }

  #emailIsSettled() {
    this.#isChangingEmail = false;
    this.app.draw();
    this.panel.composer.focus();
  }

  // ---- A form: fields as data.

  #form({ title, told = "", questions, button, send, isInline = false, cancel = null }) {
    const { wording } = this.app;
    const fields = questions.map((question) => new Field(question, wording));
    const wrong = h("p", { class: "wrong", role: "alert" });
    const submit = h("button", { type: "submit", class: "wide" }, button);
    const sent = async (event) => {
      event.preventDefault();
      fill(wrong);
      const bad = fields.filter((field) => !field.check());
      if (bad.length) {
        bad[0].input.focus();
        return;
      }
      submit.disabled = true;
      try {
        await send(Object.fromEntries(fields.map((field) => [field.name, field.value]).filter(([, value]) => value !== "")));
      } catch (error) {
        fill(wrong, error.detail || wording.say(error.isLost ? "noConnection" : "wentWrong"));
      }
      submit.disabled = false;
    };
    return h(
      "form",
      { class: isInline ? "form is-inline" : "form", novalidate: true, on: { submit: sent } },
      h("h3", {}, title),
      told ? h("p", {}, told) : null,
      ...fields.map((field) => field.element),
      wrong,
      submit,
      cancel ? h("button", { type: "button", class: "wide is-quiet", on: { click: cancel } }, wording.say("dismiss")) : null,
    );
  }
}

let number = 0;

class Field {
  constructor({ name, label, kind, required, choices, value = "" }, wording) {
    this.name = name;
    this.kind = kind;
    this.isRequired = Boolean(required);
    this.wording = wording;
    const id = `field${++number}`;
    const about = { id, name, "aria-describedby": `${id}-wrong`, "aria-required": this.isRequired ? "true" : null };
    this.input = this.#input(about, choices, value);
    this.input.addEventListener("input", () => this.input.getAttribute("aria-invalid") && this.check());
    this.wrong = h("span", { class: "wrong", id: `${id}-wrong` });
    const optional = this.isRequired ? null : h("span", { class: "optional" }, ` (${wording.say("optional")})`);
    const words = h("label", { for: id }, h("bdi", {}, label), kind === "checkbox" ? null : optional);
    const inside = kind === "checkbox" ? [h("div", { class: "check" }, this.input, words)] : [words, this.input];
    this.element = h("div", { class: "field" }, ...inside, this.wrong);
  }

  get value() {
    return this.kind === "checkbox" ? this.input.checked : this.input.value.trim();
  }

  /** Whether it may be sent as it is; says what is missing. */
  check() {
    const { value } = this;
    const isMissing = this.isRequired && !value;
    const isBad = this.kind === "email" && value && !EMAIL.test(value);
    const wrong = isMissing ? "required" : isBad ? "badEmail" : "";
    fill(this.wrong, wrong ? this.wording.say(wrong) : "");
    if (wrong) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
    return !wrong;
  }

  #input(about, choices, value) {
    if (this.kind === "textarea") return h("textarea", { ...about, rows: "4", dir: "auto", maxlength: "5000", value });
    if (this.kind === "checkbox") return h("input", { ...about, type: "checkbox" });
    if (this.kind === "select" || choices?.length) {
      const options = (choices ?? []).map((choice) => (Array.isArray(choice) ? choice : [choice, choice]));
      return h(
        "select",
        about,
        h("option", { value: "" }, this.wording.say("choose")),
        ...options.map(([given, shown]) => h("option", { value: given }, shown)),
      );
    }
    const type = TYPES[this.kind] ?? "text";
    const autocomplete = FILLED_BY[this.kind] ?? FILLED_BY[this.name];
    return h("input", { ...about, type, autocomplete, maxlength: "250", dir: type === "email" || type === "tel" ? "ltr" : "auto", value });
  }
}
