// The line to the server: a socket that says "read again", polling where there is none, one tab for all of them.

const FIRST_PAUSE_SECONDS = 4;
const LONGEST_PAUSE_SECONDS = 60;
// Where no socket ever stood (a proxy or a policy that lets none through), it is tried now and then only.
const HOPELESS_PAUSE_SECONDS = 900;
const HERE_SECONDS = 25;
const SILENT_SECONDS = 70;
const CLOSED_POLLS_SLOWER = 4;
// The token is dead; this page may not have a socket, or not one more.
const DEAD_TOKEN = 4401;
const NOT_HERE = new Set([4403, 4404, 4429]);

export class Line {
  leads = false;
  #keep;
  #ends;
  #settings = { socket: "", poll_seconds: 5 };
  #token = null;
  #socket = null;
  #isReady = false;
  #isDeaf = false;
  #wasReady = false;
  #mayHaveSocket = true;
  #attempts = 0;
  #retry = 0;
  #poll = 0;
  #beat = 0;
  #heardAt = 0;
  #leave = () => {};
  #typedAt = 0;

  /** `ends` are {news, typing, dead, isWatching}: what to do, and whether somebody looks at the chat. */
  constructor(keep, ends) {
    this.#keep = keep;
    this.#ends = ends;
    this.onVisible = () => this.#seen();
    this.onOnline = () => this.#again();
    // A page that may come back from the browser's cache lets go of everything that would keep it out of there.
    this.onAway = () => {
      this.#leave();
      this.#drop();
    };
  }

  /** Keep in touch from now on, as whom the token says; null: hang up. `takes` the place of another tab. */
  use(token, settings, takes = !document.hidden) {
    this.#settings = settings;
    if (token === this.#token) return;
    this.#hangUp();
    this.#token = token;
    this.#mayHaveSocket = true;
    if (!token) return;
    document.addEventListener("visibilitychange", this.onVisible);
    addEventListener("online", this.onOnline);
    addEventListener("pageshow", this.onVisible);
    addEventListener("pagehide", this.onAway);
    this.#apply(takes);
  }

  /** The visitor writes. Returns false if nobody could be told over the socket. */
  typing() {
    const now = Date.now();
    if (now - this.#typedAt < 3000) return true;
    this.#typedAt = now;
    return this.#say({ type: "typing" });
  }

  /** Look again soon: the panel was opened or closed. */
  hurry() {
    if (!this.leads || !this.#token) return;
    clearTimeout(this.#poll);
    this.#plan();
  }

  // ---- One tab listens and tells the others; whichever is looked at takes over.

  #apply(takes) {
    this.#leave();
    const token = this.#token;
    this.#leave = this.#keep.hold("line", {
      takes,
      won: () => {
        if (token !== this.#token) return;
        this.leads = true;
        this.#again();
      },
      lost: () => {
        if (token !== this.#token || !this.leads) return;
        this.#drop();
        this.#apply(false);
      },
    });
  }

  #seen() {
    if (document.hidden || !this.#token) return;
    if (!this.leads) this.#apply(true);
    else if (!this.#isReady || Date.now() - this.#heardAt > SILENT_SECONDS * 1000) this.#again();
    else {
      this.#say({ type: "here" });
      this.#ends.news();
    }
  }

  #again() {
    if (!this.leads) return;
    this.#attempts = 0;
    // A socket that stands says so, and then what is new is read.
    if (!this.#connect()) this.#ends.news();
    this.hurry();
  }

  #drop() {
    this.leads = false;
    for (const timer of [this.#retry, this.#poll]) clearTimeout(timer);
    clearInterval(this.#beat);
    const socket = this.#socket;
    this.#socket = null;
    this.#isReady = false;
    socket?.close();
  }

  #hangUp() {
    this.#leave();
    this.#leave = () => {};
    this.#drop();
    document.removeEventListener("visibilitychange", this.onVisible);
    removeEventListener("online", this.onOnline);
    removeEventListener("pageshow", this.onVisible);
    removeEventListener("pagehide", this.onAway);
  }

  // ---- The socket.

  #connect() {
    clearTimeout(this.#retry);
    const old = this.#socket;
    this.#socket = null;
    this.#isReady = false;
    old?.close();
    if (!this.leads || !this.#mayHaveSocket || !this.#settings.socket) return false;
    let socket;
    try {
      socket = new WebSocket(this.#settings.socket);
    } catch {
      this.#mayHaveSocket = false; // a content policy that names no socket: polling does
      return false;
    }
    this.#socket = socket;
    socket.onopen = () => socket.send(JSON.stringify({ type: "hello", token: this.#token }));
    socket.onmessage = ({ data }) => socket === this.#socket && this.#take(data);
    socket.onclose = ({ code }) => socket === this.#socket && this.#lost(code);
    return true;
  }

  #take(data) {
    this.#heardAt = Date.now();
    let said;
    try {
      said = JSON.parse(data);
    } catch {
      return;
    }
    if (said.type === "ready") {
      this.#isReady = this.#wasReady = true;
      this.#attempts = 0;
      clearInterval(this.#beat);
      this.#isDeaf = false;
      this.#beat = setInterval(() => this.#look(), HERE_SECONDS * 1000);
      this.#ends.news();
      this.hurry();
    } else if (said.type === "news") {
      this.#isDeaf = false;
      this.#ends.news();
    } else if (said.type === "deaf") {
      // The server cannot hear what is new for a while: polling does, until it can.
      this.#isDeaf = true;
      this.hurry();
    } else if (said.type === "typing") this.#ends.typing(Boolean(said.on));
  }

  #look() {
    if (document.hidden) return;
    if (Date.now() - this.#heardAt > SILENT_SECONDS * 1000) this.#connect();
    else this.#say({ type: "here" });
  }

  #lost(code) {
    this.#socket = null;
    this.#isReady = false;
    clearInterval(this.#beat);
    if (code === DEAD_TOKEN) {
      this.#ends.dead();
      return;
    }
    if (NOT_HERE.has(code)) this.#mayHaveSocket = false;
    // Spread, so that a server that comes back is not asked by everybody at once; meanwhile polling does.
    const longest = this.#wasReady ? LONGEST_PAUSE_SECONDS : HOPELESS_PAUSE_SECONDS;
    const pause = Math.min(longest, FIRST_PAUSE_SECONDS * 2 ** this.#attempts++) * (0.1 + 0.9 * Math.random());
    if (this.#mayHaveSocket) this.#retry = setTimeout(() => this.#connect(), pause * 1000);
    this.hurry();
  }

  #say(frame) {
    if (!this.#isReady || this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  // ---- Polling: while no socket stands, and only for a tab that somebody can see.

  #plan() {
    clearTimeout(this.#poll);
    if (this.#isReady && !this.#isDeaf) return;
    const slower = this.#ends.isWatching() ? 1 : CLOSED_POLLS_SLOWER;
    this.#poll = setTimeout(
      () => {
        if (!document.hidden) this.#ends.news();
        this.#plan();
      },
      Math.max(1, this.#settings.poll_seconds) * slower * 1000,
    );
  }
}
