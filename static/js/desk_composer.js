// The composer: keeps what is typed, shows what is sent at once, and gives back whatever could not be sent.
import { post, refreshContact, Refused } from "./desk_server.js";
import { toast } from "./toasts.js";
import { toEnd } from "./desk_thread.js";
import { around, count, files, forgetAround, obeyWay, takeFiles, template } from "./desk_around.js";

const PAUSE = 600;
const AGAIN = 4000;
const LOCAL = "ccx-desk-words:";
const GATE = ["data-mode", "data-limits", "data-template-only", "data-templates", "data-copies", "data-later"];
const gates = new MutationObserver(() => obeyGate());

let open = null; // the composer on the screen: {form, text, savedWords, timer, saving, isSending, waiting}
let isLeaving = false; // the page goes; typing on says that it stays

export function watchComposer() {
  document.addEventListener("htmx:beforeSwap", (event) => event.detail.target?.id === "desk-open" && event.detail.shouldSwap && leave());
  document.addEventListener("htmx:afterSwap", (event) => event.detail.target?.id === "desk-open" && begin());
  document.addEventListener("input", (event) => event.target === open?.text && typed());
  document.addEventListener("change", (event) => event.target.name === "kind" && event.target.form === open?.form && chooseKind());
  document.addEventListener("focusin", (event) => event.target === open?.text && open.form.classList.add("is-begun"));
  document.addEventListener("focusout", (event) => event.target === open?.text && save());
  document.addEventListener("keydown", (event) => {
    if (event.target !== open?.text || event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    send("stay");
  });
  document.addEventListener("submit", (event) => {
    if (event.target === open?.form) {
      event.preventDefault();
      event.target.querySelector("details[open]")?.removeAttribute("open");
      const button = event.submitter;
      const named = (name) => (button?.name === name ? button.value : undefined);
      send(named("then") ?? "stay", { seen: named("seen"), later: named("later") });
    } else if (event.target.matches("[data-take-back]")) {
      event.preventDefault();
      takeBack(event.target);
    }
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close-changed]")) clearChanged();
    else if (event.target.name === "kind" && event.target.form === open?.form) open.text.focus();
  });
  addEventListener("beforeunload", () => (isLeaving = true));
  addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => document.hidden && leave());
  addEventListener("online", sendWhatWaits);
  setInterval(sendWhatWaits, AGAIN);
  begin();
}

function begin() {
  const form = document.getElementById("desk-reply");
  open = form && { form, text: form.elements.body, savedWords: "", timer: 0, saving: null, isSending: false, waiting: null };
  if (!open) return;
  form.addEventListener("ccx:around", obeyGate);
  form.addEventListener("ccx:chosen-beside", () => {
    clearTimeout(open.timer);
    open.timer = setTimeout(save, PAUSE);
  });
  // The gate is exchanged, and its attributes settle a moment after it.
  gates.disconnect();
  gates.observe(form.querySelector(".composer-head"), { childList: true, subtree: true, attributeFilter: GATE });
  form.addEventListener("ccx:kind", () => chooseKind(false));
  open.savedWords = state();
  const kept = local();
  if (kept && kept.body.trim() && kept.body !== open.text.value) {
    open.text.value = kept.body;
    form.elements.draft_id.value = kept.draft_id;
    form.elements.kind.value = kept.is_note ? "note" : "reply";
    save();
  }
  chooseKind(false);
  obeyGate();
}

function leave() {
  if (open) save({ keepalive: true });
}

const isNote = () => open.form.elements.kind.value === "note";
const state = () => `${isNote()}:${open.text.value}:${JSON.stringify(around())}`;
const say = (name) => (document.getElementById("desk-kept").textContent = name ? document.getElementById("desk-kept").dataset[name] : "");

// ---- Keeping.

function typed() {
  grow();
  isLeaving = false;
  keepLocal();
  clearTimeout(open.timer);
  open.timer = setTimeout(save, PAUSE);
}

async function save(options = {}) {
  const mine = open;
  clearTimeout(mine.timer);
  if (mine.isSending || mine.savedWords === state()) return;
  const words = state();
  const beside = around();
  const fields = [["body", mine.text.value], ["draft_id", mine.form.elements.draft_id.value], ["is_note", isNote() ? "on" : ""], ...beside];
  mine.savedWords = words;
  const isKept = mine.text.value.trim() !== "" || beside.length > 0;
  if (isKept) say("saving");
  const ended = new AbortController();
  mine.saving = ended;
  try {
    await post(mine.form.dataset.draft, fields, { ...options, signal: options.keepalive ? undefined : ended.signal });
    if (mine !== open || state() !== words) return;
    say(isKept ? "saved" : "");
    // The page that comes may have been made before this was saved; it puts the two side by side.
    if (!isLeaving) forgetLocal();
  } catch (error) {
    if (error.name === "AbortError" || mine !== open) return;
    if (error.status === 409) return;
    mine.savedWords = "";
    say("lost");
  } finally {
    if (mine.saving === ended) mine.saving = null;
  }
}

function local() {
  try {
    return JSON.parse(localStorage.getItem(LOCAL + open.form.dataset.contact));
  } catch {
    return null;
  }
}

function keepLocal() {
  const kept = { body: open.text.value, draft_id: open.form.elements.draft_id.value, is_note: isNote() };
  try {
    localStorage.setItem(LOCAL + open.form.dataset.contact, JSON.stringify(kept));
  } catch {
    // the server's draft then is the only one
  }
}

function forgetLocal(contact = open.form.dataset.contact) {
  try {
    localStorage.removeItem(LOCAL + contact);
  } catch {
    // nothing was kept
  }
}

// ---- What may be written.

function chooseKind(isAsked = true) {
  const form = open.form;
  form.classList.toggle("is-note", isNote());
  open.text.placeholder = isNote() ? open.text.dataset.noteWords : open.text.dataset.replyWords;
  const button = form.querySelector(".composer-go");
  button.querySelector("span").textContent = button.dataset[open.waiting ? "offlineWords" : isNote() ? "noteWords" : "words"];
  obeyGate();
  grow();
  if (!isAsked) return;
  open.text.focus();
  keepLocal();
  save();
}

function obeyGate() {
  if (!open) return;
  const mode = document.getElementById("desk-gate")?.dataset.mode ?? "reply";
  const form = open.form;
  form.dataset.gate = mode;
  form.classList.toggle("has-text", hasWords());
  obeyWay();
  const [reply] = form.elements.kind;
  reply.disabled = mode !== "reply";
  if (mode === "note" && !isNote() && !open.text.value.trim()) {
    form.elements.kind.value = "note";
    chooseKind(false);
    return;
  }
  const isOver = mode === "nothing" || mode === "wrap_up";
  open.text.readOnly = isOver;
  for (const button of form.querySelectorAll("[type=submit]")) button.disabled = isOver || (mode === "note" && !isNote());
}

// Whether there is anything to send: words, a file, a template.
const hasWords = () => open.text.value.trim() !== "" || files().length > 0 || template() !== "" || !open.form.elements.chat.disabled;

function grow() {
  open.form.classList.toggle("has-text", hasWords());
  count();
  open.text.rows = Math.min(12, Math.max(3, open.text.value.split("\n").length + 1));
}

// ---- Sending.

async function send(then, how = {}) {
  const mine = open;
  const body = mine.text.value;
  const note = isNote();
  const isTemplateOnly = !note && mine.form.classList.contains("is-template");
  if (mine.isSending || !hasWords()) return mine.text.focus();
  if (isTemplateOnly && !template()) return mine.form.elements.template?.focus();
  if (!note && mine.form.classList.contains("is-too-long")) return mine.text.focus();
  if (mine.form.querySelector(".composer-go").disabled) return undefined;
  clearTimeout(mine.timer);
  mine.saving?.abort();
  const fields = [...new FormData(mine.form)].filter(([name]) => name !== "then" && !(how.seen && name === "seen"));
  for (const [name, value] of Object.entries({ then, ...how })) if (value) fields.push([name, value]);
  mine.isSending = true;
  mine.waiting = null;
  clearChanged();
  const bubble = showSending(isTemplateOnly ? mine.form.querySelector("[data-shown] [data-text]").textContent : body, note);
  if (!isTemplateOnly) mine.text.value = "";
  grow();
  say("");
  try {
    const answer = await post(note ? mine.form.dataset.note : mine.form.dataset.reply, fields);
    forgetLocal(mine.form.dataset.contact);
    mine.form.elements.draft_id.value = newId();
    mine.savedWords = "";
    mine.isSending = false;
    if (mine === open) {
      forgetAround();
      showThread(answer.text);
      chooseKind(false);
      if (mine.text.value) typed();
    }
  } catch (error) {
    mine.isSending = false;
    giveBack(mine, body, note, error, { then, how });
  } finally {
    bubble?.remove();
    if (mine === open) refreshContact("desk-thread");
  }
  return undefined;
}

function giveBack(mine, body, note, error, again) {
  const begun = mine.text.value;
  mine.text.value = begun.trim() && begun !== body ? `${body}\n\n${begun}` : body;
  if (mine !== open) return;
  mine.form.elements.kind.value = note ? "note" : "reply";
  keepLocal();
  if (error instanceof Refused) {
    const fresh = error.headers.get("X-Draft-Id");
    if (fresh) mine.form.elements.draft_id.value = fresh;
    if (error.status === 409) document.getElementById("desk-changed").innerHTML = error.text;
    else toast(`${sentence(error.status)} ${error.headers.get("X-Request-ID") ?? ""}`.trim(), "error");
    htmx.trigger("#desk-thread", "ccx:refresh");
  } else {
    mine.waiting = again;
    say("lost");
  }
  chooseKind(false);
  mine.text.focus();
}

function sentence(status) {
  const words = document.getElementById("desk").dataset;
  return status === 0 || status === 403 ? words.signedOut : status === 404 ? words.gone : words.failed;
}

function sendWhatWaits() {
  if (open?.waiting && navigator.onLine && !open.isSending) send(open.waiting.then, open.waiting.how);
}

function showSending(body, note) {
  const item = document.getElementById("desk-sending").content.firstElementChild.cloneNode(true);
  item.querySelector(".say-body").textContent = body;
  const words = item.querySelector(".say-state [data-words]");
  words.textContent = note ? words.dataset.noteWords : words.dataset.words;
  if (note) item.classList.replace("say-agent", "say-note");
  document.getElementById("desk-pending").append(item);
  toEnd();
  return item;
}

function showThread(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("desk-thread");
  if (!fresh) return;
  document.getElementById("desk-thread").replaceWith(fresh);
  htmx.process(fresh);
  document.dispatchEvent(new CustomEvent("ccx:thread"));
  toEnd();
}

function clearChanged() {
  document.getElementById("desk-changed")?.replaceChildren();
}

// ---- Taking back.

async function takeBack(form) {
  const mine = open;
  form.querySelector("button").disabled = true;
  await save();
  try {
    const answer = await post(form.action, {});
    if (answer.status === 200 && mine === open) {
      const back = JSON.parse(answer.text);
      mine.text.value = back.body;
      mine.form.elements.draft_id.value = back.draft_id;
      mine.form.elements.kind.value = "reply";
      mine.savedWords = state();
      if (back.along) return void htmx.ajax("GET", location.pathname, { target: "#desk-open", swap: "outerHTML" });
      takeFiles(back.files);
      forgetLocal();
      chooseKind(false);
      say("saved");
      mine.text.focus();
    } else tellFrom(answer.headers);
  } catch (error) {
    toast(sentence(error.status ?? 500), "error");
  }
  refreshContact();
}

function tellFrom(headers) {
  const told = JSON.parse(headers.get("HX-Trigger") || "{}")["ccx:toast"];
  if (told) toast(told.text, told.level);
}

function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}
