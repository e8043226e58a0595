// What was said, in its order, and how far it was read on either side.

const READ_AGAIN = 30;

export class Said {
  list = [];
  shown = 0;
  seq = 0;
  #byId = new Map();

  has(id) {
    return this.#byId.has(id);
  }

  add(message) {
    this.#byId.set(message.id, message);
    this.seq = Math.max(this.seq, message.seq);
    this.list = [...this.#byId.values()].sort((one, other) => one.seq - other.seq);
  }

  /** Take in what the server told; returns what of ours is new here. */
  take({ messages = [], seq = 0, read_up_to = 0, shown_up_to = 0 }) {
    const fresh = messages.filter((message) => isOurs(message) && !this.has(message.id));
    for (const message of messages) this.add(message);
    this.seq = Math.max(this.seq, seq);
    this.shown = Math.max(this.shown, shown_up_to);
    for (const message of this.list) if (!isOurs(message) && message.seq <= read_up_to) message.state = "read";
    return fresh.filter((message) => message.seq > this.shown);
  }

  /** From where to ask on: what the visitor wrote and nobody had read may be read by now. */
  get after() {
    const waiting = this.list.slice(-READ_AGAIN).find((message) => message.from === "visitor" && message.state !== "read");
    return waiting ? Math.min(this.seq, waiting.seq - 1) : this.seq;
  }

  /** The last that the visitor can have missed. */
  get last() {
    return this.list.findLast(isOurs)?.seq ?? 0;
  }

  get unread() {
    return this.list.filter((message) => isOurs(message) && message.seq > this.shown).length;
  }

  clear() {
    this.#byId.clear();
    this.list = [];
    this.seq = this.shown = 0;
  }
}

function isOurs({ from }) {
  return from === "agent" || from === "bot";
}
