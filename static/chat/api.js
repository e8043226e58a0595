// What the widget asks of the server. No cookies: a visitor's browser is known by its token alone.

const PATIENCE_SECONDS = 20;

/** The server said no; `status` 0 means that nothing was heard of it. */
export class Refused extends Error {
  constructor(status, said = null, wait = 0) {
    super(said?.detail || `The chat answered ${status}.`);
    this.status = status;
    this.code = said?.code ?? "";
    this.detail = said?.detail ?? "";
    this.wait = wait;
  }

  get isLost() {
    return this.status === 0 || this.status >= 500;
  }
}

export class Api {
  token = null;

  constructor(base, inbox) {
    this.root = new URL(`${inbox}/`, base).href;
  }

  get(path) {
    return this.#ask("GET", path);
  }

  post(path, body = {}) {
    return this.#ask("POST", path, body);
  }

  /** Send a file. Returns {done, cancel}: a promise of what the server says, and a way out. */
  upload(file, progressed) {
    const request = new XMLHttpRequest();
    const done = new Promise((resolve, reject) => {
      request.open("POST", `${this.root}files`);
      request.setRequestHeader("Authorization", `Bearer ${this.token}`);
      request.responseType = "text";
      request.upload.onprogress = (event) => event.lengthComputable && progressed(event.loaded / event.total);
      request.onload = () => {
        const said = parsed(request.responseText);
        if (request.status < 300) resolve(said);
        else reject(new Refused(request.status, said));
      };
      request.onerror = () => reject(new Refused(0));
      request.onabort = () => reject(new Refused(-1));
      const form = new FormData();
      form.append("file", file, file.name || "image.png");
      request.send(form);
    });
    return { done, cancel: () => request.abort() };
  }

  /** Whether the server is there at all: a page that may not ask it hears nothing else from the browser. */
  async isThere() {
    try {
      await fetch(`${this.root}config`, { mode: "no-cors", credentials: "omit", cache: "no-store" });
      return true;
    } catch {
      return false;
    }
  }

  async #ask(method, path, body) {
    const headers = this.token ? { Authorization: `Bearer ${this.token}` } : {};
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), PATIENCE_SECONDS * 1000);
    try {
      const answer = await fetch(this.root + path, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        credentials: "omit",
        cache: "no-store",
        referrerPolicy: "strict-origin-when-cross-origin",
        signal: stop.signal,
      });
      const said = parsed(await answer.text());
      if (!answer.ok) throw new Refused(answer.status, said, Number(answer.headers.get("Retry-After")) || 0);
      return said;
    } catch (error) {
      throw error instanceof Refused ? error : new Refused(0);
    } finally {
      clearTimeout(timer);
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** A random UUID; crypto.randomUUID is missing on pages without HTTPS. */
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** What a session is told of its visitor: what was answered, and of what is asked what the site knows itself. */
export function introduction({ config, options, answers }) {
  const { user, language } = options;
  const known = (config?.questions ?? []).map(({ name }) => [name, user?.[name]]).filter(([, value]) => value);
  const told = known.map(([name, value]) => [name, value === true ? value : String(value)]);
  const { name, email, ...others } = { ...Object.fromEntries(told), ...answers };
  return {
    language,
    page: page(),
    answers: others,
    name: name || user?.name || undefined,
    email: email || user?.email || undefined,
    user: user?.signature ? user : undefined,
  };
}

/** The page the visitor is on. */
export function page() {
  const url = new URL(location.href);
  url.hash = "";
  return { url: url.href.slice(0, 1000), title: document.title.replace(/^\(\d+\) /, "").slice(0, 200) };
}
