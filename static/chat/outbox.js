// Messages on their way: kept over a reload of this tab, in their order, each counting once however often it is sent.

import { newId } from "./api.js";

export class Outbox {
  list = [];
  #keep;
  #deliver;
  #changed;
  #isFlushing = false;

  /** `deliver(said)` sends one and raises Refused; `changed` draws. */
  constructor({ keep, deliver, changed }) {
    this.#keep = keep;
    this.#deliver = deliver;
    this.#changed = changed;
  }

  load() {
    this.list = this.#keep.getHere("outbox") ?? [];
  }

  add(body, files) {
    this.list.push({ id: newId(), body, files, at: new Date().toISOString(), state: "sending", why: "" });
    this.#keepAll();
    return this.flush();
  }

  /** Send one again; without an id, all. */
  retry(id = null) {
    for (const said of this.list) if (id === null || said.id === id || said.state === "lost") said.state = "sending";
    this.#keepAll();
    return this.flush();
  }

  /** Take out what the visitor gave up, or what the server has. */
  drop(isGone) {
    const left = this.list.filter((said) => !isGone(said));
    if (left.length === this.list.length) return;
    this.list = left;
    this.#keepAll();
  }

  /** Put back what a dead token took along. */
  restore(list) {
    this.list = list;
    this.#keepAll();
  }

  async flush() {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    try {
      let said;
      while ((said = this.list.find(({ state }) => state === "sending" || state === "lost"))) {
        if (!(await this.#one(said))) break;
      }
    } finally {
      this.#isFlushing = false;
    }
  }

  async #one(said) {
    try {
      await this.#deliver(said);
      this.drop((other) => other.id === said.id);
      return true;
    } catch (error) {
      if (error.status === 401 && !said.wasRefused) {
        said.wasRefused = true;
        return true;
      }
      const isLost = error.isLost || error.status === 429;
      said.state = isLost ? "lost" : "failed";
      said.why = isLost ? "" : (error.detail ?? "");
      if (error.status === 429) setTimeout(() => this.flush(), Math.max(2, error.wait) * 1000);
      this.#keepAll();
      // What was refused does not hold up what follows; what was lost does.
      return !isLost;
    }
  }

  #keepAll() {
    this.#keep.setHere("outbox", this.list.length ? this.list : null);
    this.#changed();
  }
}
