// The chat widget as a host page knows it: put in, opened, told who is signed in, taken away.

import { Api } from "./api.js";
import { Chat } from "./chat.js";
import { fill, h } from "./dom.js";
import { Keep } from "./keep.js";
import { Launcher } from "./launcher.js";
import { dress, style } from "./look.js";
import { Panel } from "./panel.js";
import { gist } from "./thread.js";
import { Wording } from "./words.js";

const TRIES = 4;
const KEYS = ["keydown", "keyup", "keypress"];

/** Begin; `set` is {base, inbox, link, options, style}. Resolves to what the host may call. */
export async function start(set) {
  const app = new App(set);
  await app.begin(set.link);
  return app;
}

class App {
  isOpen = false;
  // Files of the thread by id, as elements.
  files = new Map();
  #heard = new Map();
  #isDrawing = false;
  #announced = 0;
  #before = null;
  #sound = null;

  constructor({ base, inbox, options, style }) {
    Object.assign(this, { base, inbox, options, style });
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.phone = matchMedia("(max-width: 480px), (max-height: 420px)");
    this.onChange = () => this.draw();
    this.onVisible = () => this.#visible();
    this.onView = () => this.#fit();
  }

  async begin(link) {
    this.keep = new Keep(this.inbox);
    const chat = new Chat({
      api: new Api(this.base, this.inbox),
      keep: this.keep,
      options: this.options,
      changed: () => this.draw(),
      came: (news, isFirst) => this.#came(news, isFirst),
      isWatching: () => this.isOpen,
    });
    let wrongLink = null;
    for (let tried = 1; ; tried++) {
      try {
        await chat.begin(link);
        break;
      } catch (error) {
        if (chat.config) {
          wrongLink = error;
          break;
        }
        if (tried === TRIES || !error.isLost) throw error;
        if (error.status === 0 && (await chat.api.isThere())) throw new Error(`the inbox does not name ${location.origin}.`);
        await new Promise((done) => setTimeout(done, 1000 * 2 ** tried));
      }
    }
    this.#dressed(chat.config);
    this.chat = chat;
    this.#attach();
    if (chat.unread) this.launcher.tease(chat.messages.at(-1));
    const isReload = performance.getEntriesByType?.("navigation")[0]?.type === "reload";
    if (link) this.open();
    else if (this.keep.getHere("open") && (isReload || !this.phone.matches)) this.open({ takesFocus: false });
    if (wrongLink) this.panel.note(this.wording.say(wrongLink.isLost ? "wentWrong" : "linkOver"));
    this.draw();
    this.#tell("ready");
  }

  // ---- What a host may call.

  open({ takesFocus = true } = {}) {
    if (!this.chat) return this.begin().then(() => this.open());
    if (this.isOpen) return undefined;
    this.isOpen = true;
    this.#before = document.activeElement;
    this.keep.setHere("open", true);
    this.chat.refresh();
    if (this.options.user?.signature) this.chat.session().catch(() => {});
    this.panel.show(takesFocus);
    this.draw();
    this.chat.line.hurry();
    this.#tell("open");
    return undefined;
  }

  close() {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.keep.setHere("open", null);
    this.panel.hide();
    this.draw();
    const before = this.#before;
    if (before?.isConnected && before !== document.body && before !== this.host) before.focus();
    else this.launcher.focus();
    this.#tell("close");
  }

  async identify(user) {
    if (!this.chat) {
      this.options.user = user ?? null;
      return this.begin();
    }
    await this.chat.identify(user);
    if (this.isOpen && user?.signature) await this.chat.session();
    return this.draw();
  }

  on(name, heard) {
    if (!this.#heard.has(name)) this.#heard.set(name, new Set());
    this.#heard.get(name).add(heard);
    if (name === "unread" && this.chat?.unread) heard(this.chat.unread);
    if (name === "ready" && this.chat) heard();
  }

  off(name, heard) {
    this.#heard.get(name)?.delete(heard);
  }

  /** At signing out: everything is taken away and forgotten. `open` or `identify` bring it back. */
  shutdown() {
    if (!this.chat) return;
    this.isOpen = false;
    this.panel.hide();
    this.chat.forget();
    this.chat.close();
    this.keep.setHere("open", null);
    this.keep.set("sound", null);
    this.options.user = null;
    this.files.clear();
    this.#detach();
    this.chat = null;
  }

  // ---- In the page.

  #dressed(config) {
    const { language, position, theme, accent, title, intro, words } = this.options;
    const wished = [language, document.documentElement.lang, ...(navigator.languages ?? []), config.language];
    this.wording = new Wording(wished, words);
    // What the visitor speaks, even where the widget does not.
    this.options.language = wished.find(Boolean) ?? "en";
    this.look = { accent: accent || config.accent, position: position || config.position, theme: theme || config.theme };
    Object.assign(config, { title: title || config.title, intro: intro || config.intro });
  }

  #attach() {
    this.host = h("ccx-chat");
    const shadow = this.host.attachShadow({ mode: "open" });
    style(shadow, this.style);
    this.shadow = shadow;
    const { direction, language } = this.wording;
    this.root = h("div", { class: "root", dir: direction, lang: language });
    this.live = h("div", { class: "hidden", role: "status", "aria-live": "polite" });
    this.panel = new Panel(this);
    this.launcher = new Launcher(this);
    this.root.append(this.panel.element, this.launcher.element, this.live);
    shadow.append(this.root);
    // What is typed here is no shortcut of the host's; it would not see that it was typed into a field.
    for (const name of KEYS) shadow.addEventListener(name, (event) => event.stopPropagation());
    document.body.append(this.host);
    // Sites that change pages by swapping the body take the widget along.
    this.swaps = new MutationObserver(() => this.host.isConnected || document.body?.append(this.host));
    this.swaps.observe(document.documentElement, { childList: true });
    for (const query of [this.dark, this.phone]) query.addEventListener("change", this.onChange);
    document.addEventListener("visibilitychange", this.onVisible);
    visualViewport?.addEventListener("resize", this.onView);
    visualViewport?.addEventListener("scroll", this.onView);
  }

  #detach() {
    this.swaps.disconnect();
    for (const query of [this.dark, this.phone]) query.removeEventListener("change", this.onChange);
    document.removeEventListener("visibilitychange", this.onVisible);
    visualViewport?.removeEventListener("resize", this.onView);
    visualViewport?.removeEventListener("scroll", this.onView);
    this.#lockPage(false);
    this.#title(0);
    this.host.remove();
  }

  /** Drawn once however much changes in one go. */
  draw() {
    if (this.#isDrawing || !this.host) return;
    this.#isDrawing = true;
    queueMicrotask(() => {
      this.#isDrawing = false;
      if (this.chat) this.#drawn();
    });
  }

  #drawn() {
    dress(this.root, this.look);
    this.root.classList.toggle("is-open", this.isOpen);
    this.root.classList.toggle("is-phone", this.phone.matches);
    this.panel.draw();
    if (this.isOpen && !document.hidden && this.panel.isAtEnd) this.chat.show();
    this.launcher.draw();
    this.#lockPage(this.isOpen && this.phone.matches);
    this.#fit();
    const { unread } = this.chat;
    this.#title(document.hidden && this.chat.tells ? unread : 0);
    if (unread !== this.#announced) {
      this.#announced = unread;
      this.#tell("unread", unread);
    }
  }

  #visible() {
    this.draw();
  }

  /** On a phone the panel is as high as what the keyboard leaves. */
  #fit() {
    if (!this.isOpen || !this.phone.matches || !visualViewport) return;
    this.root.style.setProperty("--view-height", `${visualViewport.height}px`);
    this.root.style.setProperty("--view-top", `${visualViewport.offsetTop}px`);
  }

  #lockPage(isLocked) {
    const { style } = document.documentElement;
    if (isLocked && this.overflow === undefined) {
      this.overflow = style.overflow;
      style.overflow = "hidden";
    } else if (!isLocked && this.overflow !== undefined) {
      style.overflow = this.overflow;
      this.overflow = undefined;
    }
  }

  #title(unread) {
    const plain = document.title.replace(/^\(\d+\) /, "");
    const wanted = unread ? `(${unread}) ${plain}` : plain;
    if ((unread || this.titled) && document.title !== wanted) document.title = wanted;
    this.titled = Boolean(unread);
  }

  // ---- News.

  #came(news, isFirst) {
    const last = news.at(-1);
    if (!isFirst) this.announce(news.map((said) => `${said.name || this.chat.config.title}: ${gist(said)}`).join("\n"));
    if (!this.isOpen) this.launcher?.tease(last);
    if (!isFirst && this.chat.tells && (document.hidden || !this.isOpen)) this.#chime();
  }

  /** Say it to whoever does not see. */
  announce(text) {
    if (this.live) fill(this.live, text);
  }

  get hasSound() {
    return this.keep.get("sound") === true;
  }

  set hasSound(isOn) {
    this.keep.set("sound", isOn || null);
    if (isOn) this.#chime();
    this.draw();
  }

  /** Two soft tones, made here: no file, and nothing that a content policy asks about. */
  #chime() {
    if (!this.hasSound || typeof AudioContext !== "function") return;
    this.#sound ??= new AudioContext();
    const sound = this.#sound;
    sound.resume().catch(() => {});
    for (const [place, pitch] of [784, 1047].entries()) {
      const at = sound.currentTime + place * 0.12;
      const [tone, volume] = [sound.createOscillator(), sound.createGain()];
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.0001, at);
      volume.gain.exponentialRampToValueAtTime(0.08, at + 0.02);
      volume.gain.exponentialRampToValueAtTime(0.0001, at + 0.3);
      tone.connect(volume).connect(sound.destination);
      tone.start(at);
      tone.stop(at + 0.32);
    }
  }

  #tell(name, value) {
    for (const heard of this.#heard.get(name) ?? []) {
      try {
        heard(value);
      } catch (error) {
        console.error(error);
      }
    }
  }
}
