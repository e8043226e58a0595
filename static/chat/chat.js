// The visitor's chat as this tab knows it: what the server said, what is on its way, and what is not shown yet.

import { Refused, introduction, page } from "./api.js";
import { Line } from "./line.js";
import { Outbox } from "./outbox.js";
import { Said } from "./said.js";

const FRESH_CONFIG_SECONDS = 60;

export class Chat {
  config = null;
  status = "idle";
  position = null;
  agent = null;
  visitor = null;
  email = "";
  isTyping = false;
  isLost = false;
  unread = 0;
  /** Whether the server wants something answered first that it was not told. */
  isAsked = false;
  #said = new Said();
  #told = 0;
  #isReading = false;
  #readAgain = false;
  #beginning = null;
  #configAt = 0;
  #page = "";

  /** `changed` draws, `came` hears messages of ours that are new, `isWatching` says whether somebody looks. */
  constructor({ api, keep, options, changed, came, isWatching }) {
    Object.assign(this, { api, keep, options, changed, came, isWatching });
    this.outbox = new Outbox({ keep, deliver: (said) => this.#deliver(said), changed });
    this.line = new Line(keep, {
      news: () => this.read(),
      typing: (isOn) => this.#typing(isOn),
      dead: () => this.#refuse(new Refused(401)),
      isWatching,
    });
    keep.hear((type, value) => this.#heard(type, value));
  }

  get messages() {
    return this.#said.list;
  }

  get isKnown() {
    return Boolean(this.api.token);
  }

  get isOpen() {
    return this.config?.is_open ?? false;
  }

  /** Whether whoever comes now can only leave a message. */
  get isAway() {
    return !this.isRunning && !this.isOpen && this.config?.has_form !== false;
  }

  /** Whether a conversation runs that words can be added to. */
  get isRunning() {
    return this.status === "waiting" || this.status === "active";
  }

  /** Whether it is somebody else's turn to listen: what is new is told once, by the tab that holds the line. */
  get tells() {
    return this.line.leads;
  }

  /** Learn how the inbox is set up, and go on with the chat that this browser had. */
  async begin(link) {
    await this.#readConfig();
    if (link) await this.#exchange(link);
    else this.#goOn();
  }

  /** The hours may have ended since the page came. */
  async refresh() {
    if (Date.now() - this.#configAt < FRESH_CONFIG_SECONDS * 1000) return;
    await this.#readConfig().catch(() => {});
    this.changed();
  }

  /** Whoever the site says this is. Another person's chat on this browser is forgotten first. */
  async identify(user) {
    const id = user?.id ? String(user.id) : "";
    // A session that is on its way is that of whoever was here when it was asked for.
    await this.#beginning?.catch(() => {});
    const who = this.keep.get("who") ?? "";
    if (this.isKnown && who && who !== id) this.forget();
    this.options.user = user ?? null;
    if (id && who !== id && this.isKnown) await this.#upgrade();
  }

  /** A token for this browser; made when it is first needed, by one tab. */
  session() {
    if (this.isKnown) return Promise.resolve();
    this.#beginning ??= this.keep
      .alone("begin", async () => {
        const token = this.keep.get("token");
        if (token) await this.#goOn(token);
        if (!this.isKnown) this.#adopt(await this.#newSession());
      })
      .finally(() => {
        this.#beginning = null;
      });
    return this.#beginning;
  }

  /** What was asked before the chat. */
  get answers() {
    return this.keep.get("answers") ?? null;
  }

  /** Tell them; what was held back for them goes with them. */
  async answer(answers) {
    this.keep.set("answers", answers);
    if (this.isKnown) this.#adopt(await this.#newSession());
    this.isAsked = false;
    this.changed();
    this.outbox.retry();
  }

  // ---- Saying something.

  typing() {
    if (!this.isRunning || this.line.typing()) return;
    this.api.post("typing").catch(() => {});
  }

  /** Everything up to here was on the screen. */
  show() {
    const { last, shown } = this.#said;
    if (!this.isKnown || !last || (last <= shown && last <= this.#told)) return;
    this.#said.shown = Math.max(shown, last);
    this.keep.set("shown", this.#said.shown);
    this.keep.tell("shown", this.#said.shown);
    this.#count();
    this.#told = last;
    this.api.post("shown", { seq: last }).catch(() => {
      this.#told = 0;
    });
  }

  async leaveEmail(email) {
    await this.session();
    await this.#try(this.api.post("email", { email }));
    this.email = email;
    this.changed();
  }

  async end() {
    await this.#try(this.api.post("end"));
    await this.read();
  }

  /** A message to an empty desk. */
  async leaveMessage(form) {
    await this.#try(this.api.post("offline", { ...form, page: page(), language: this.options.language }));
    if (this.isKnown) await this.read();
  }

  async upload(file, progressed) {
    await this.session();
    return this.api.upload(file, progressed);
  }

  /** A file's address that still works. */
  async freshAddress(id) {
    const said = this.messages.find(({ files }) => files?.some((file) => file.id === id));
    const { messages } = await this.api.get(`state?after=${(said?.seq ?? 1) - 1}`);
    return messages.flatMap(({ files }) => files ?? []).find((file) => file.id === id)?.url ?? "";
  }

  // ---- Hearing something.

  /** Read what is new; asked again meanwhile, once more afterwards. */
  async read() {
    if (!this.isKnown) return;
    if (this.#isReading) {
      this.#readAgain = true;
      return;
    }
    this.#isReading = true;
    const token = this.api.token;
    try {
      const state = await this.api.get(`state?after=${this.#said.after}`);
      if (token === this.api.token) {
        this.#take(state);
        this.keep.tell("state", { token, state });
        this.#connection(true);
        this.#tellPage();
      }
    } catch (error) {
      if (token === this.api.token) this.#refuse(error);
    } finally {
      this.#isReading = false;
    }
    if (this.#readAgain) {
      this.#readAgain = false;
      await this.read();
    }
  }

  /** Begin as a stranger. */
  forget({ tells = true } = {}) {
    if (tells) this.keep.tell("forget");
    this.keep.forget();
    this.#use(null);
    this.status = "idle";
    this.position = this.agent = this.visitor = null;
    this.email = "";
    this.isTyping = false;
    this.outbox.restore([]);
    this.#said.clear();
    this.#told = 0;
    this.#count();
    this.changed();
  }

  close() {
    this.line.use(null, this.config);
    this.keep.close();
  }

  // ---- Sessions.

  async #readConfig() {
    this.config = await this.api.get("config");
    this.#configAt = Date.now();
  }

  async #exchange(link) {
    try {
      const made = await this.api.post("link", { token: link });
      this.forget();
      this.#adopt(made);
    } catch (error) {
      this.#goOn();
      throw error;
    }
  }

  async #goOn(token = this.keep.get("token")) {
    const who = this.keep.get("who") ?? "";
    const id = this.options.user?.id ? String(this.options.user.id) : "";
    if (!token) return;
    if (who && id && who !== id) {
      this.forget();
      return;
    }
    this.#said.shown = this.keep.get("shown") ?? 0;
    this.outbox.load();
    this.#use(token);
    if (id && !who) await this.#upgrade();
    await this.read();
    this.outbox.flush();
  }

  /** From a stranger's chat to that of whom the site vouches for; without an answer it goes on as it was. */
  async #upgrade() {
    await this.#newSession().then(
      (made) => this.#adopt(made),
      () => {},
    );
  }

  async #newSession() {
    return this.#try(this.api.post("sessions", introduction(this)));
  }

  #adopt({ token, state }) {
    if (this.api.token && token !== this.api.token) {
      // Upgraded from a stranger: what is shown is the person's own from here on.
      this.#said.clear();
    }
    this.keep.set("token", token);
    this.keep.set("who", this.options.user?.id ? String(this.options.user.id) : null);
    this.#page = location.href;
    this.#use(token);
    this.#take(state);
    this.keep.tell("session", token);
  }

  #use(token, takes) {
    this.api.token = token;
    this.line.use(token, this.config, takes);
  }

  // ---- What the server said.

  #take(state) {
    const isFirst = this.#said.seq === 0;
    const fresh = this.#said.take(state);
    this.outbox.drop(({ id }) => this.#said.has(id));
    this.status = state.status;
    this.position = state.position ?? null;
    this.agent = state.agent ?? null;
    this.visitor = state.visitor ?? null;
    this.email = state.email ?? "";
    this.#typing(Boolean(state.typing) && !fresh.length, true);
    if (this.config) Object.assign(this.config, { is_open: state.is_open, opens_at: state.opens_at });
    this.#count();
    if (fresh.length) this.came(fresh, isFirst);
    this.changed();
  }

  #count() {
    const before = this.unread;
    this.unread = this.#said.unread;
    if (before !== this.unread) this.changed();
  }

  #typing(isOn, isTold = false) {
    if (!isTold) this.keep.tell("typing", isOn);
    clearTimeout(this.quiet);
    this.isTyping = isOn;
    // Whoever stops in the middle of a sentence may never say so.
    if (isOn) this.quiet = setTimeout(() => this.#typing(false, true), 8000);
    this.changed();
  }

  #heard(type, value) {
    if (type === "session" && value !== this.api.token) {
      this.#said.clear();
      this.#use(value, false);
      this.read();
    } else if (type === "state" && value.token === this.api.token) this.#take(value.state);
    else if (type === "typing") this.#typing(value, true);
    else if (type === "shown") {
      this.#said.shown = Math.max(this.#said.shown, value);
      this.#count();
    } else if (type === "forget") this.forget({ tells: false });
  }

  async #try(asked) {
    try {
      const said = await asked;
      this.#connection(true);
      return said;
    } catch (error) {
      this.#refuse(error);
      throw error;
    }
  }

  #refuse(error) {
    if (error.status === 401 && this.isKnown) {
      const kept = this.outbox.list;
      this.forget();
      this.outbox.restore(kept);
    } else if (error.code === "questions_are_open") {
      this.keep.set("answers", null);
      this.isAsked = true;
      this.#configAt = 0;
      this.refresh();
    } else if (error.isLost) this.#connection(false);
  }

  #connection(isThere) {
    if (this.isLost !== isThere) return;
    this.isLost = !isThere;
    this.changed();
    if (isThere) this.outbox.flush();
    else this.#lookOut();
  }

  async #lookOut() {
    // The line does this too, but only with a token, and polls slowly while the panel is closed.
    for (let pause = 2; this.isLost; pause = Math.min(30, pause * 1.6)) {
      await new Promise((done) => setTimeout(done, pause * 1000 * (0.7 + 0.6 * Math.random())));
      if (!this.isLost || document.hidden) continue;
      await this.#readConfig().then(
        () => this.#connection(true),
        () => {},
      );
    }
    this.read();
  }

  async #deliver({ id, body, files }) {
    await this.session();
    const { message } = await this.#try(this.api.post("messages", { id, body, files: files.map((file) => file.id) }));
    this.#said.add(message);
    this.isAsked = false;
    if (!this.isRunning) this.status = "waiting";
    this.read();
  }

  #tellPage() {
    if (this.#page === location.href || !this.isRunning || document.hidden) return;
    this.#page = location.href;
    this.api.post("page", page()).catch(() => {});
  }
}
