// What outlives a page: in the storage of the host's origin, or in memory where a browser refuses it.

function working(name) {
  try {
    const store = window[name];
    store.setItem("ccx-chat", "1");
    store.removeItem("ccx-chat");
    return store;
  } catch {
    return null;
  }
}

export class Keep {
  #prefix;
  #stores = { all: working("localStorage"), here: working("sessionStorage") };
  #memory = new Map();
  #channel = null;

  constructor(inbox) {
    this.#prefix = `ccx-chat:${inbox}:`;
    if (typeof BroadcastChannel === "function") this.#channel = new BroadcastChannel(this.#prefix);
  }

  /** What was kept for every tab. */
  get(name) {
    return this.#read("all", name);
  }

  set(name, value) {
    this.#write("all", name, value);
  }

  /** What was kept for this tab alone. */
  getHere(name) {
    return this.#read("here", name);
  }

  setHere(name, value) {
    this.#write("here", name, value);
  }

  forget() {
    for (const name of ["token", "who", "draft", "shown", "answers"]) this.set(name, null);
  }

  /** Tell the other tabs of this site. */
  tell(type, value = null) {
    this.#channel?.postMessage({ type, value });
  }

  /** Hear them. */
  hear(heard) {
    if (this.#channel) this.#channel.onmessage = ({ data }) => heard(data.type, data.value);
  }

  /** Run alone among the tabs, where the browser can promise that. */
  async alone(name, work) {
    return navigator.locks ? navigator.locks.request(this.#prefix + name, work) : work();
  }

  /** Hold a place of which there is one. `won` runs when this tab has it, `lost` when another takes it. */
  hold(name, { won, lost, takes }) {
    if (!navigator.locks || !this.#channel) {
      won();
      return () => {};
    }
    let leave;
    let isOver = false;
    const held = new Promise((done) => {
      leave = done;
    });
    const waiting = new AbortController();
    const options = takes ? { steal: true } : { signal: waiting.signal };
    navigator.locks
      .request(this.#prefix + name, options, () => {
        won();
        return held;
      })
      .catch(() => isOver || lost());
    return () => {
      isOver = true;
      waiting.abort();
      leave();
    };
  }

  close() {
    this.#channel?.close();
  }

  #read(store, name) {
    const key = this.#prefix + name;
    try {
      const text = this.#stores[store]?.getItem(key) ?? this.#memory.get(store + key);
      return text === undefined || text === null ? null : JSON.parse(text);
    } catch {
      return null;
    }
  }

  #write(store, name, value) {
    const key = this.#prefix + name;
    const text = value === null ? null : JSON.stringify(value);
    if (text === null) this.#memory.delete(store + key);
    else this.#memory.set(store + key, text);
    try {
      if (text === null) this.#stores[store]?.removeItem(key);
      else this.#stores[store]?.setItem(key, text);
    } catch {
      // Full, or refused by now: memory has it.
    }
  }
}
