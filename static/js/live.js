// Keeps a page true. An element says what it shows (data-live="topic topic") and gets the event `live` when that may
// have changed: it reads itself again through its own address. data-viewing="id" tells who else looks at a record:
// the event `viewers` brings their names, `customer` whether its customer is there or types. Without a socket the page asks by itself every few seconds.
const NORMAL_SECONDS = 1; // an element reads again at most so often
const POLL_SECONDS = 10;
const LONGEST_PAUSE_SECONDS = 10;
const QUIET_SECONDS = 3; // a restart is over before anybody needs to know
const SILENT_SECONDS = 45; // the server says something every 20
const ASLEEP_SECONDS = 60;
const TYPING_SECONDS = 3;
const STAY_AWAY = new Set([4401]); // signed out: only a new page can help

const root = document.documentElement;
const states = new WeakMap(); // element -> {last, timer}
let socket = null;
let attempts = 0;
let heardAt = 0;
let lostSince = performance.now();
let wasOpen = false;
let isOver = false;
let me = "";
let told = { topics: null, viewing: "" };
let retry = 0;
let typedAt = 0;

const address = () => {
  const given = document.querySelector('meta[name="ccx-sockets"]')?.content;
  if (!given) return "";
  const url = new URL(given, location.href);
  url.protocol = url.protocol.replace(/^http/, "ws");
  return new URL("live", url).href;
};
const words = (text) => (text || "").split(/\s+/).filter(Boolean);
const followers = () => document.querySelectorAll("[data-live]");

// ---- What elements are told.

function tell(element) {
  const state = states.get(element) || { last: -Infinity, timer: 0 };
  states.set(element, state);
  if (state.timer) return;
  const wait = state.last + NORMAL_SECONDS * 1000 - performance.now();
  const fire = () => {
    state.timer = 0;
    state.last = performance.now();
    if (element.isConnected) element.dispatchEvent(new CustomEvent("live"));
  };
  if (wait <= 0) fire();
  else state.timer = setTimeout(fire, wait);
}

function tellTopic(topic) {
  for (const element of followers()) if (words(element.dataset.live).includes(topic)) tell(element);
}

// Everything reads again; spread, so that a thousand browsers do not come back in one moment.
function tellAll(spread = 0) {
  setTimeout(() => followers().forEach(tell), Math.random() * spread * 1000);
}

function tellViewers(record, people) {
  const others = people.filter((person) => person.id !== me).map(({ name, typing }) => ({ name, typing }));
  for (const element of document.querySelectorAll(`[data-viewing="${CSS.escape(record)}"]`))
    element.dispatchEvent(new CustomEvent("viewers", { detail: others }));
}

function tellCustomer(record, detail) {
  for (const element of document.querySelectorAll(`[data-viewing="${CSS.escape(record)}"]`))
    element.dispatchEvent(new CustomEvent("customer", { detail }));
}

// ---- What the server is told.

const isOpen = () => socket?.readyState === WebSocket.OPEN;
const say = (what) => isOpen() && socket.send(JSON.stringify(what));

function sayWhatIsShown() {
  if (!isOpen()) return;
  const topics = [...new Set([...followers()].flatMap((element) => words(element.dataset.live)))].sort().slice(0, 200);
  const viewing = [...document.querySelectorAll("[data-viewing]")].map((element) => element.dataset.viewing);
  const records = [...new Set(viewing.filter(Boolean))].sort().slice(0, 5);
  if (told.topics !== topics.join(" ")) {
    // What is shown was read when the page began or, if it came later, a moment ago: the server tells what was missed.
    say({ type: "follow", topics, age: told.topics === null ? performance.now() / 1000 + 2 : 5 });
    told.topics = topics.join(" ");
  }
  if (told.viewing !== records.join(" ")) {
    told.viewing = records.join(" ");
    say({ type: "view", interactions: records });
  }
}

// ---- The socket.

function connect() {
  clearTimeout(retry);
  retry = 0;
  const url = address();
  if (isOver || !url || (socket && socket.readyState <= WebSocket.OPEN)) return;
  const opened = new WebSocket(url);
  socket = opened;
  opened.onopen = () => {
    heardAt = performance.now();
    told = { topics: null, viewing: "" };
    sayWhatIsShown();
  };
  opened.onmessage = (message) => opened === socket && take(JSON.parse(message.data));
  opened.onclose = (closed) => opened === socket && closedWith(closed.code);
}

function take(said) {
  heardAt = performance.now();
  if (said.topic) tellTopic(said.topic);
  else if (said.viewers) {
    tellViewers(said.viewers, said.people);
    tellCustomer(said.viewers, { standing: said.customer });
  } else if (said.types) tellCustomer(said.types, { types: true });
  else if (said.beat) say({ type: "here" });
  else if (said.deaf) isLost();
  else if (said.resync) {
    isBack();
    tellAll(1);
  } else if (said.me) {
    me = said.me;
    attempts = 0;
    isBack();
    if (wasOpen) tellAll(1);
    wasOpen = true;
  }
}

function closedWith(code) {
  socket = null;
  isLost();
  if (STAY_AWAY.has(code)) isOver = true;
  // The first try comes soon and spread; then ever more slowly. A second chance to answer 4403 is the sign-in page's.
  const pause = Math.min(LONGEST_PAUSE_SECONDS, 0.5 * 2 ** attempts++);
  if (!isOver) retry = setTimeout(connect, pause * 1000 * (0.2 + 0.8 * Math.random()));
}

function reconnect() {
  const old = socket;
  socket = null;
  old?.close();
  attempts = 0;
  isLost();
  connect();
}

function isBack() {
  lostSince = 0;
  root.dataset.connection = "on";
  showBar(false);
}

function isLost() {
  lostSince ||= performance.now();
  root.dataset.connection = "lost";
}

// ---- The bar: shown while nothing reaches the server, not while only the socket is missing.

function showBar(isShown) {
  const bar = document.getElementById("connection");
  if (bar) bar.hidden = !isShown;
}

async function lookForTheServer() {
  try {
    await fetch("/livez", { cache: "no-store", signal: AbortSignal.timeout(5000) });
    showBar(false);
  } catch {
    showBar(true);
  }
}

function lookAround() {
  const now = performance.now();
  if (isOpen() && now - heardAt > SILENT_SECONDS * 1000) reconnect();
  if (!lostSince || now - lostSince < QUIET_SECONDS * 1000) return;
  if (!isOver) lookForTheServer();
  if (!document.hidden) tellAll();
}

// ---- Coming back to the page.

let wentAt = 0;
function comeBack() {
  if (document.hidden) {
    wentAt = Date.now();
    return;
  }
  const away = wentAt ? Date.now() - wentAt : 0;
  wentAt = 0;
  if (isOpen() && performance.now() - heardAt < SILENT_SECONDS * 1000) {
    if (away > ASLEEP_SECONDS * 1000) tellAll();
  } else reconnect();
}

export function watchLive() {
  // A page for people who are signed in has the bar.
  if (!document.getElementById("connection")) return;
  root.dataset.connection = "lost";
  connect();
  let pending = 0;
  const look = () => {
    pending ||= setTimeout(() => {
      pending = 0;
      sayWhatIsShown();
    }, 50);
  };
  new MutationObserver(look).observe(document.body, {
    subtree: true,
    childList: true,
    attributes: true,
    attributeFilter: ["data-live", "data-viewing"],
  });
  document.addEventListener("input", (event) => {
    const record = event.target.closest?.("[data-viewing]")?.dataset.viewing;
    if (!record || performance.now() - typedAt < TYPING_SECONDS * 1000) return;
    typedAt = performance.now();
    // A customer who is there sees that an answer is on its way; that we write a note is our own affair.
    // Nor does who waits on one channel see that we answer on another.
    const isAnswer = Boolean(event.target.closest("form[data-reply]:not(.is-note):not(:has([data-elsewhere]))"));
    say({ type: "typing", interaction: record, to_customer: isAnswer });
  });
  document.addEventListener("htmx:sendError", () => showBar(true));
  document.addEventListener("htmx:afterOnLoad", () => showBar(false));
  document.addEventListener("visibilitychange", comeBack);
  addEventListener("pageshow", (event) => event.persisted && reconnect());
  addEventListener("pagehide", () => socket?.close());
  addEventListener("online", reconnect);
  addEventListener("offline", () => {
    isLost();
    showBar(true);
  });
  setInterval(lookAround, POLL_SECONDS * 1000);
  if (!navigator.onLine) showBar(true);
}
