// What was said, as rows: days, groups of bubbles, marks, and what goes on right now.

import { h, linked, settle } from "./dom.js";
import { attachment } from "./files.js";

const GROUP_SECONDS = 300;
const NEAR_END = 60;

/** The initials of whoever speaks. */
export function face(name) {
  const letters = name.trim().split(/\s+/).map((part) => [...part][0] ?? "").filter((letter) => /[\p{L}\p{N}]/u.test(letter));
  const shown = letters.length > 1 ? letters[0] + letters.at(-1) : (letters[0] ?? "·");
  return h("span", { class: "face", "aria-hidden": "true" }, shown.toUpperCase());
}

/** A message in a few words: what was said, else what was sent along. */
export function gist(said) {
  return said.body || (said.files ?? []).map((file) => file.name).join(", ");
}

export class Thread {
  isAtEnd = true;
  #seen = 0;

  constructor(app, panel) {
    this.app = app;
    this.panel = panel;
    const { wording } = app;
    this.list = h("div", { class: "rows" });
    this.scroll = h(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": wording.say("conversation"), on: { scroll: () => this.#scrolled() } },
      this.list,
    );
    this.below = h(
      "button",
      { type: "button", class: "below", hidden: true, on: { click: () => this.toEnd() } },
      wording.say("newMessages"),
    );
    this.element = h("div", { class: "thread" }, this.scroll, this.below);
    // Pictures that come later, a keyboard that opens, a composer that grows: the end stays in sight.
    const sizes = new ResizeObserver(() => this.isAtEnd && this.#jump());
    sizes.observe(this.list);
    sizes.observe(this.scroll);
  }

  toEnd() {
    this.isAtEnd = true;
    this.#jump();
    this.app.draw();
  }

  draw() {
    const { chat } = this.app;
    settle(this.list, this.#rows());
    const { length } = chat.messages;
    if (chat.outbox.list.length > (this.sending ?? 0)) this.isAtEnd = true;
    this.sending = chat.outbox.list.length;
    if (this.isAtEnd) this.#jump();
    else if (length > this.#seen) this.below.hidden = false;
    if (this.isAtEnd) this.below.hidden = true;
    this.#seen = length;
  }

  #jump() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroll;
    const wasAtEnd = this.isAtEnd;
    this.isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_END;
    if (this.isAtEnd !== wasAtEnd) this.app.draw();
  }

  // ---- Rows.

  #rows() {
    const { chat, wording } = this.app;
    const said = [
      ...chat.messages,
      ...chat.outbox.list.map((message) => ({ ...message, from: "visitor", isOnItsWay: true })),
    ];
    const rows = [this.#intro()];
    const lastOwn = said.findLast((message) => message.from === "visitor");
    for (const [place, message] of said.entries()) {
      const [before, after] = [said[place - 1], said[place + 1]];
      if (!before || wording.day(before.at) !== wording.day(message.at)) {
        const day = wording.day(message.at);
        rows.push({ key: `day ${day}`, look: day, make: () => h("div", { class: "day" }, h("span", {}, day)) });
      }
      rows.push(this.#message(message, { isFirst: !together(before, message), isLast: !together(message, after), isLastOwn: message === lastOwn }));
    }
    return [...rows, ...this.#now()];
  }

  #intro() {
    const { chat, wording } = this.app;
    const { title, intro } = chat.config;
    const body = intro || wording.say("hello");
    return {
      key: "intro",
      look: `${title} ${body}`,
      make: () => h("div", { class: "row from-agent is-first is-last" }, face(title), h("div", { class: "said" }, h("div", { class: "bubble", dir: "auto" }, linked(body)))),
    };
  }

  #message(said, { isFirst, isLast, isLastOwn }) {
    const look = JSON.stringify([isFirst, isLast, isLastOwn, said.state, said.body, said.why, (said.files ?? []).map((file) => file.id)]);
    const key = `said ${said.id}`;
    if (said.from === "system") return { key, look, make: () => h("div", { class: "event", dir: "auto" }, said.body) };
    const isOwn = said.from === "visitor";
    return { key, look, make: () => (isOwn ? this.#own(said, { isFirst, isLast, isLastOwn }) : this.#other(said, { isFirst, isLast })) };
  }

  #own(said, { isFirst, isLast, isLastOwn }) {
    const { wording, chat } = this.app;
    const isStuck = said.state === "failed" || said.state === "lost";
    const mark = said.state === "failed" ? said.why || wording.say("failed") : wording.say(said.state);
    const meta = said.isOnItsWay ? mark : isLastOwn ? `${wording.time(said.at)} · ${mark}` : wording.time(said.at);
    return h(
      "div",
      { class: `row from-visitor${isFirst ? " is-first" : ""}${isLast ? " is-last" : ""}${said.isOnItsWay ? " is-going" : ""}` },
      h(
        "div",
        { class: "said" },
        h("span", { class: "hidden" }, `${wording.say("you")}: `),
        ...this.#content(said),
        isLast || isLastOwn || isStuck ? h("div", { class: isStuck ? "meta is-stuck" : "meta" }, meta) : null,
        isStuck
          ? h(
              "div",
              { class: "meta-buttons" },
              h("button", { type: "button", class: "text-button", on: { click: () => chat.outbox.retry(said.id) } }, wording.say("retry")),
              h("button", { type: "button", class: "text-button", on: { click: () => this.#discard(said) } }, wording.say("discard")),
            )
          : null,
      ),
    );
  }

  #discard(said) {
    this.app.chat.outbox.drop((other) => other.id === said.id);
    this.panel.composer.focus();
  }

  #other(said, { isFirst, isLast }) {
    const { wording, chat } = this.app;
    const name = said.name || chat.config.title;
    const who = said.from === "bot" ? `${name} (${wording.say("automatic")})` : name;
    return h(
      "div",
      { class: `row from-agent${isFirst ? " is-first" : ""}${isLast ? " is-last" : ""}` },
      isLast ? face(name) : null,
      h(
        "div",
        { class: "said" },
        h("span", { class: "hidden" }, `${who}: `),
        ...this.#content(said),
        isLast ? h("div", { class: "meta" }, h("bdi", {}, who), ` · ${wording.time(said.at)}`) : null,
      ),
    );
  }

  #content(said) {
    const files = (said.files ?? []).map((file) => attachment(this.app, file));
    const isBig = isEmojiOnly(said.body);
    const body = said.body ? h("div", { class: isBig ? "bubble is-big" : "bubble", dir: "auto" }, linked(said.body)) : null;
    return [body, ...files].filter(Boolean);
  }

  /** What goes on at the end of the thread. */
  #now() {
    const { chat, wording } = this.app;
    const { mode, forms } = this.panel;
    const rows = [];
    if (chat.status === "ended" && this.panel.wish !== "again" && chat.messages.length) {
      rows.push({ key: "ended", look: "", make: () => h("div", { class: "event" }, wording.say("ended")) });
    }
    if (mode === "thread" && !chat.isOpen && !chat.isRunning && !chat.isAway) {
      const at = chat.config.opens_at;
      const text = at ? `${wording.say("awayNow")}. ${wording.back(at)}.` : `${wording.say("awayNow")}.`;
      rows.push({ key: "away", look: text, make: () => h("div", { class: "event" }, text) });
    }
    if (chat.status === "waiting" && mode === "thread") rows.push(this.#waiting());
    if (chat.isTyping && chat.isRunning) rows.push(this.#typing());
    if (mode === "thread") rows.push(...forms.emailRows());
    else rows.push(...forms.rows(mode));
    return rows;
  }

  #waiting() {
    const { chat, wording } = this.app;
    const { position } = chat;
    const inLine = position ? wording.say(position === 1 ? "next" : "position", { n: position }) : wording.say("waiting");
    const text = chat.isOpen || position ? inLine : wording.back(chat.config.opens_at);
    // Drawn into, not made again: that is what lets a reader hear that the line moves.
    const row = { key: "waiting", look: "", make: () => h("div", { class: "event", role: "status" }) };
    queueMicrotask(() => {
      const shown = this.list.querySelector("[data-key=waiting]");
      if (shown && shown.textContent !== text) shown.textContent = text;
    });
    return row;
  }

  #typing() {
    const { chat, wording } = this.app;
    const name = chat.agent?.name || wording.say("someone");
    const dots = h("div", { class: "bubble dots", "aria-hidden": "true" }, h("i"), h("i"), h("i"));
    return {
      key: "typing",
      look: name,
      make: () => h("div", { class: "row from-agent is-first is-last" }, face(name), h("div", { class: "said" }, h("span", { class: "hidden" }, wording.say("typing", { name })), dots)),
    };
  }
}

function together(one, other) {
  if (!one || !other || one.from !== other.from || one.from === "system" || one.name !== other.name) return false;
  const [before, after] = [new Date(one.at), new Date(other.at)];
  return after - before < GROUP_SECONDS * 1000 && before.getDate() === after.getDate();
}

function isEmojiOnly(text) {
  return Boolean(text) && text.length <= 16 && /\p{Extended_Pictographic}/u.test(text) && !/[\p{L}\p{N}\p{P}]/u.test(text);
}
