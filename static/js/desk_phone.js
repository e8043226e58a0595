// The telephone in the desk: signs in to the provider for every line of the agent, answers by itself the call of the
// contact that was accepted here, and does to the call what only the browser can (mute, keypad). The rest of a call's
// buttons are the server's. The provider's script is loaded once, from our own address.
import { post } from "./desk_server.js";
import { toast } from "./toasts.js";

const EARLY_SECONDS = 300; // a token is renewed so long before it ends
const EXPECTED_SECONDS = 120; // how long after accepting a call may come
const KEPT = "ccx-phone-expects";

const box = () => document.getElementById("phone");
const devices = new Map(); // line -> Device
let call = null; // the one that is talked in
let asked = null; // one that rings and was not accepted here
let trouble = "";
let isLeaving = false;

export function watchPhone() {
  if (!box()) return;
  // From the page of calls: the contact that is open is being called.
  if (location.hash === "#calling") {
    expect(document.getElementById("desk-open")?.dataset.contact);
    history.replaceState(history.state, "", location.pathname + location.search);
  }
  begin();
  document.addEventListener("click", click);
  document.addEventListener("htmx:afterRequest", (event) => {
    const accepted = /\/([0-9a-f-]{36})\/accept\/$/.exec(event.detail.requestConfig?.path ?? "");
    if (accepted && event.detail.xhr?.status < 300) expect(accepted[1]);
  });
  document.addEventListener("ccx:phone-expects", (event) => expect(event.detail.id));
  document.addEventListener("ccx:dialog-done", (event) => document.getElementById(event.detail.id)?.close());
  document.addEventListener("htmx:afterSwap", paint);
  document.addEventListener("htmx:beforeOnLoad", (event) => (isLeaving = Boolean(event.detail.xhr.getResponseHeader("HX-Redirect"))));
  addEventListener("beforeunload", (event) => {
    if (!call || isLeaving) return;
    event.preventDefault();
    event.returnValue = box().dataset.leave;
  });
  addEventListener("pagehide", () => devices.forEach((device) => device.destroy()));
}

// ---- Signing in.

async function begin() {
  tell("");
  paint();
  try {
    await load(box().dataset.sdk);
  } catch {
    tell("unloaded");
    return;
  }
  for (const line of box().dataset.lines.split(" ").filter(Boolean)) await register(line);
  await askForMicrophone(false);
}

function load(address) {
  if (window.Twilio?.Device) return Promise.resolve();
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = address;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
}

async function register(line) {
  const token = await newToken(line);
  if (!token) return;
  const device = new window.Twilio.Device(token.token, { closeProtection: false, tokenRefreshMs: EARLY_SECONDS * 1000, allowIncomingWhileBusy: false, logLevel: "silent" });
  devices.set(line, device);
  device.on("registered", () => tell(trouble === "lost" ? "" : trouble));
  device.on("unregistered", () => tell("lost"));
  device.on("error", (error) => (isAboutTheMicrophone(error) ? tell("silent") : tell("lost")));
  device.on("incoming", (incoming) => rings(incoming));
  device.on("tokenWillExpire", async () => {
    const next = await newToken(line);
    if (next) device.updateToken(next.token);
  });
  try {
    await device.register();
  } catch {
    tell("lost");
  }
}

// A token that cannot be had is asked for again, ever more slowly; a refusal is said.
async function newToken(line, pause = 2) {
  try {
    const { text } = await post(box().dataset.token, { line });
    return JSON.parse(text);
  } catch (error) {
    if (error.status === 409) toast(JSON.parse(error.text).said, "warning");
    tell("lost");
    if (error.status) return null;
    await new Promise((resolve) => setTimeout(resolve, pause * 1000 * (0.5 + Math.random())));
    return newToken(line, Math.min(60, pause * 2));
  }
}

// ---- The microphone: asked for when the agent goes available, never out of the blue.

async function askForMicrophone(isAsked) {
  const state = await navigator.permissions?.query({ name: "microphone" }).then((found) => found.state, () => "prompt");
  if (state === "prompt" && !isAsked) return;
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    for (const track of stream.getTracks()) track.stop();
    if (trouble === "silent" || trouble === "missing") tell("");
  } catch (error) {
    tell(error.name === "NotFoundError" ? "missing" : "silent");
  }
}

const isAboutTheMicrophone = (error) => error?.code === 31401 || error?.code === 31402 || error?.name === "NotAllowedError";

// ---- A call.

function rings(incoming) {
  const contact = incoming.customParameters?.get("interaction") ?? "";
  const forget = () => {
    if (asked === incoming) asked = null;
    if (call === incoming) call = null;
    paint();
  };
  for (const end of ["disconnect", "cancel", "reject"]) incoming.on(end, forget);
  incoming.on("error", (error) => {
    if (isAboutTheMicrophone(error)) tell("silent");
  });
  incoming.on("reconnecting", () => tell("lost"));
  incoming.on("reconnected", () => tell(""));
  incoming.on("mute", paint);
  if (isExpected(contact)) answer(incoming);
  else {
    asked = incoming;
    paint();
  }
}

function answer(incoming) {
  asked = null;
  call = incoming;
  incoming.accept();
  paint();
}

function expect(contact) {
  kept({ contact, until: Date.now() + EXPECTED_SECONDS * 1000 });
  if (asked?.customParameters?.get("interaction") === contact) answer(asked);
}

function isExpected(contact) {
  const told = kept();
  return Boolean(contact) && told?.contact === contact && told.until > Date.now();
}

// A page that is read again between accepting and ringing still knows what it accepted.
function kept(value) {
  try {
    if (value) sessionStorage.setItem(KEPT, JSON.stringify(value));
    return JSON.parse(sessionStorage.getItem(KEPT) || "null");
  } catch {
    return null; // storage is refused in some private windows
  }
}

// ---- What is pressed, what is shown.

function click(event) {
  const pressed = (name) => event.target.closest(`[data-phone-${name}]`);
  if (event.target.closest('[name=choice][value="available"]')) askForMicrophone(true);
  else if (pressed("retry")) retry();
  else if (pressed("answer")) asked && answer(asked);
  else if (pressed("refuse")) asked?.reject();
  else if (pressed("mute")) {
    call?.mute(!call.isMuted());
    paint();
  } else if (pressed("digit")) {
    const digit = pressed("digit").dataset.phoneDigit;
    call?.sendDigits(digit);
    const sent = document.querySelector("[data-phone-sent]");
    sent.textContent = (sent.textContent.trim() + digit).slice(-24);
  }
}

async function retry() {
  if (trouble === "unloaded") return location.reload();
  await askForMicrophone(true);
  for (const device of devices.values()) if (device.state === "unregistered") await device.register().catch(() => tell("lost"));
}

function tell(what) {
  trouble = what;
  paint();
}

function standing() {
  if (call) return "talking";
  if (asked) return "ringing";
  if (trouble) return { missing: "silent", unloaded: "lost" }[trouble] ?? trouble;
  const all = [...devices.values()];
  return all.length && all.every((device) => device.state === "registered") ? "ready" : "connecting";
}

function paint() {
  const shown = box();
  if (!shown) return;
  const state = standing();
  shown.dataset.state = state;
  const words = shown.querySelector("[data-phone-words]");
  if (words.textContent !== shown.dataset[state]) words.textContent = shown.dataset[state];
  const why = { silent: "whySilent", missing: "whyMissing", lost: "whyLost", unloaded: "whyUnloaded" }[trouble];
  shown.querySelector("[data-phone-trouble]").hidden = !why || trouble === "lost";
  if (why) shown.querySelector("[data-phone-why]").textContent = shown.dataset[why];
  shown.title = why ? shown.dataset[why] : "";
  shown.querySelector("[data-phone-incoming]").hidden = !asked;
  const bar = document.getElementById("call-bar");
  const own = bar?.querySelector("[data-phone-own]");
  if (!own) return;
  own.hidden = !call || call.customParameters?.get("interaction") !== bar.dataset.call;
  const isMuted = Boolean(call?.isMuted());
  own.querySelector("[data-phone-mute]").setAttribute("aria-pressed", isMuted);
  bar.classList.toggle("is-muted", isMuted && !own.hidden);
}
