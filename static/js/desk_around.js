// What stands around the words in the composer: the way they go, files, templates, and what still fits.
import { post, Refused } from "./desk_server.js";
import { toast } from "./toasts.js";

// The letters of GSM 03.38; one letter outside halves every part of a text message.
const BASIC = new Set("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà");
const EXTENDED = new Set("\f^{}\\[~]|€");
const HOLE = /\{\{\s*(\w+)\s*\}\}/g;

const form = () => document.getElementById("desk-reply");
const gate = () => document.getElementById("desk-gate");
const limits = () => JSON.parse(gate()?.dataset.limits || "{}");
const isNote = () => form()?.elements.kind.value === "note";
export const files = () => [...document.querySelectorAll("#desk-files [data-draft-file]")];
export const template = () => (isNote() || form()?.elements.template?.disabled ? "" : form()?.elements.template?.value ?? "");

// When the gate was asked for last, and when a way was chosen: what was asked before knows nothing of the choice.
let asked = 0;
let chosenAt = 0;

export function watchAround() {
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-attach]")) {
      upload([...event.target.files]);
      event.target.value = "";
    } else if (event.target.matches("[data-template]")) showGaps(event.target);
    if (event.target.form === form() && (event.target.matches("[data-template]") || event.target.name === "later_at")) tellChosen();
  });
  document.addEventListener("input", (event) => {
    if (!event.target.closest("[data-gaps]")) return;
    showTemplate();
    tellChosen();
  });
  document.addEventListener("paste", (event) => {
    const pasted = [...(event.clipboardData?.files ?? [])];
    if (!pasted.length || !event.target.closest("#desk-reply")) return;
    event.preventDefault();
    upload(pasted);
  });
  // Enter in a line beside the words sends nothing by itself; with Ctrl it sends, as in the words.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT" || event.target.form !== form() || event.isComposing) return;
    event.preventDefault();
    if (event.target.name === "later_at") form().requestSubmit(form().querySelector("[name=later][value=custom]"));
    else if (event.ctrlKey || event.metaKey) form().requestSubmit(form().querySelector(".composer-go"));
  });
  for (const kind of ["dragenter", "dragover", "dragleave", "drop"]) document.addEventListener(kind, drag);
  document.addEventListener("click", (event) => {
    const remove = event.target.closest("[data-remove-file]");
    if (remove) removeFile(remove);
    const chosen = event.target.closest("#desk-reply [data-way]");
    if (chosen) chooseWay(chosen);
    const call = event.target.closest("#desk-reply [data-call]");
    if (call) dial(call);
    const offer = event.target.closest("#desk-reply [data-offer-chat]");
    if (offer) offerChat(offer);
    if (event.target.closest("[data-drop-offer]")) dropOffer();
    if (event.target.closest("[data-use-template]")) useTemplate();
  });
  // While somebody chooses a way, the gate is not exchanged under their hands; it is read again afterwards.
  document.addEventListener("htmx:oobBeforeSwap", (event) => {
    const gate = event.detail.target.id === "desk-gate" ? event.detail.target : null;
    if (gate && (gate.querySelector("[data-ways][open]") || asked < chosenAt)) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:beforeRequest", (event) => event.detail.elt?.id === "desk-header" && (asked = performance.now()));
  document.addEventListener("toggle", (event) => {
    if (!event.target.matches?.("[data-ways]")) return;
    if (event.target.open) loadWays(event.target);
    else htmx.trigger("#desk-header", "ccx:refresh");
  }, true);
  setInterval(closeWindow, 5000);
  // Opened by somebody who was quicker than this script.
  for (const menu of document.querySelectorAll("[data-ways][open]")) loadWays(menu);
}

// ---- Called by the composer, whenever the words, the kind or the gate changed.

export function obeyWay() {
  const way = gate();
  if (!form() || !way) return;
  const mayReply = way.dataset.mode === "reply" && !isNote();
  const copies = document.getElementById("desk-copies");
  copies.hidden = !(mayReply && "copies" in way.dataset);
  copies.querySelector("input").disabled = copies.hidden;
  form().querySelector("[data-later-part]").hidden = !(mayReply && "later" in way.dataset);
  const isTemplateOnly = mayReply && "templateOnly" in way.dataset;
  const place = document.getElementById("desk-template-place");
  // What was begun with a template goes on with it; else one asks for it, while free words may be sent too.
  if (place.dataset.chosen) form().dataset.asks = "template";
  const isTemplate = isTemplateOnly || (mayReply && "templates" in way.dataset && form().dataset.asks === "template");
  form().classList.toggle("is-template", isTemplate);
  place.hidden = !isTemplate;
  for (const field of place.querySelectorAll("select, input")) field.disabled = !isTemplate;
  const line = form().elements.inbox?.value;
  if (isTemplate && place.dataset.line !== line) loadTemplates(place, line);
  const use = form().querySelector("[data-use-template]");
  use.hidden = !(mayReply && "templates" in way.dataset && !isTemplateOnly);
  use.setAttribute("aria-pressed", String(isTemplate));
  const words = use.querySelector("[data-use]");
  words.textContent = isTemplate ? words.dataset.free : words.dataset.use;
  obeyOffer(mayReply && !isTemplate);
  count();
}

// What was chosen beside the words: kept with them, so that a reload loses none of it.
export function around() {
  const mine = form();
  const isTemplate = mine.classList.contains("is-template") && mine.elements.template?.value;
  const fields = isTemplate ? [["template", mine.elements.template.value], ...gapsOf(mine).map((gap) => ["parameter", gap.value])] : [];
  if (!mine.elements.chat.disabled) fields.push(["chat", mine.elements.chat.value]);
  if (mine.elements.later_at.value) fields.push(["later_at", mine.elements.later_at.value]);
  return fields;
}

const gapsOf = (mine) => [...mine.querySelectorAll("[data-gap]")];
const tellChosen = () => form()?.dispatchEvent(new CustomEvent("ccx:chosen-beside"));

export function forgetAround() {
  document.getElementById("desk-files").replaceChildren();
  const select = form().elements.template;
  if (select) {
    select.value = "";
    showGaps(select);
  }
  delete form().dataset.asks;
  for (const name of ["chosen", "filled"]) delete document.getElementById("desk-template-place").dataset[name];
  form().elements.chat.value = "";
  obeyWay();
  form().elements.later_at.value = "";
  tell("");
}

export function takeFiles(html) {
  const list = document.getElementById("desk-files");
  list.insertAdjacentHTML("beforeend", html);
  count();
}

export function count() {
  const shown = document.getElementById("desk-count");
  const text = form().elements.body.value;
  const may = limits();
  const longest = files().length ? may.textWithFiles : may.text;
  const left = longest ? longest - lengthOf(text, may.counts) : Infinity;
  const parts = may.parts ? partsOf(text) : null;
  const isCounted = !isNote() && text && (left < Math.max(200, longest * 0.2) || parts);
  shown.hidden = !isCounted;
  form().classList.toggle("is-too-long", !isNote() && left < 0);
  shown.classList.toggle("is-over", left < 0);
  if (!isCounted) return;
  const number = (amount) => amount.toLocaleString(document.documentElement.lang);
  const words = left < 0 ? shown.dataset.over.replace("%s", number(-left)) : shown.dataset.left.replace("%s", number(parts && parts.left < left ? parts.left : left));
  shown.textContent = parts && parts.count > 1 ? `${shown.dataset.parts.replace("%d", number(parts.count))} · ${words}` : words;
}

function lengthOf(text, counts) {
  if (counts === "bytes") return new TextEncoder().encode(text).length;
  return counts === "utf16" ? text.length : [...text].length;
}

function partsOf(text) {
  const letters = [...text];
  const isWide = letters.some((letter) => !BASIC.has(letter) && !EXTENDED.has(letter));
  const widths = letters.map((letter) => (isWide ? letter.length : EXTENDED.has(letter) ? 2 : 1));
  const [alone, together] = isWide ? [70, 67] : [160, 153];
  const whole = widths.reduce((sum, width) => sum + width, 0);
  if (whole <= alone) return { count: 1, left: alone - whole };
  let [number, used] = [1, 0];
  for (const width of widths) {
    if (used + width > together) [number, used] = [number + 1, 0];
    used += width;
  }
  return { count: number, left: together - used };
}

// The window for free words closes while somebody writes: the gate says so at once.
function closeWindow() {
  const until = gate()?.dataset.freeUntil;
  if (until && Date.parse(until) <= Date.now()) htmx.trigger("#desk-header", "ccx:refresh");
}

// ---- Files.

function drag(event) {
  const box = event.target.closest?.("#desk-reply, #thread-scroll");
  if (!box || !event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  form()?.classList.toggle("is-over", event.type === "dragenter" || event.type === "dragover");
  if (event.type === "drop") upload([...event.dataTransfer.files]);
}

async function upload(chosen) {
  const mine = form();
  const list = document.getElementById("desk-files");
  if (!mine || ["nothing", "wrap_up"].includes(gate()?.dataset.mode)) return;
  tell("");
  for (const file of chosen) {
    const waiting = document.createElement("li");
    waiting.className = "draft-file is-loading";
    waiting.textContent = list.dataset.loading.replace("%s", file.name);
    list.append(waiting);
    try {
      const most = isNote() ? 0 : limits().size;
      if (most && file.size > most) throw new Refused(422, list.dataset.large.replace("%s", file.name), new Headers());
      const fields = new FormData();
      fields.append("file", file);
      fields.append("draft_id", mine.elements.draft_id.value);
      fields.append("kind", mine.elements.kind.value);
      const answer = await post(list.dataset.to, fields);
      if (mine !== form()) return;
      waiting.insertAdjacentHTML("beforebegin", answer.text);
    } catch (error) {
      tell(error.status === 422 ? error.text : list.dataset.lost.replace("%s", file.name));
    } finally {
      waiting.remove();
    }
  }
  count();
  mine.dispatchEvent(new CustomEvent("ccx:around"));
  mine.elements.body.focus();
}

async function removeFile(button) {
  const item = button.closest("[data-draft-file]");
  item.classList.add("is-loading");
  try {
    await post(button.dataset.removeFile, {});
    item.remove();
    tell("");
  } catch {
    item.classList.remove("is-loading");
  }
  count();
  form()?.dispatchEvent(new CustomEvent("ccx:around"));
  form()?.elements.body.focus();
}

function tell(words) {
  const place = document.getElementById("desk-problem");
  place.textContent = words;
  place.hidden = !words;
}

// ---- Ways.

async function loadWays(menu) {
  const box = menu.querySelector("[data-ways-box]");
  const answer = await fetch(menu.dataset.ways, { headers: { "HX-Request": "true" }, credentials: "same-origin" }).catch(() => null);
  if (answer?.ok && !answer.redirected) box.innerHTML = await answer.text();
}

async function chooseWay(chosen) {
  const mine = form();
  try {
    const answer = await post(chosen.dataset.way, { inbox: chosen.dataset.inbox, identity: chosen.dataset.identity });
    if (mine !== form()) return;
    const told = JSON.parse(answer.headers.get("HX-Trigger") || "{}")["ccx:toast"];
    if (told) toast(told.text, told.level);
    chosenAt = performance.now();
    if (answer.text) gate().outerHTML = answer.text;
    else chosen.closest("details").open = false;
    mine.elements.kind[0].disabled = false;
    mine.elements.kind.value = "reply";
    mine.dispatchEvent(new CustomEvent("ccx:kind"));
  } catch {
    chosen.closest("details").open = false;
  }
  mine.elements.body.focus();
}

// A call is an order of its own: the words stay as they are.
function dial(button) {
  button.closest("details").open = false;
  const values = { identity: button.dataset.identity };
  htmx.ajax("POST", button.dataset.call, { source: document.body, swap: "none", values });
}

// ---- A chat that is offered.

function offerChat(button) {
  const mine = form();
  mine.elements.chat.value = button.dataset.offerChat;
  mine.querySelector("[data-offer-name]").textContent = button.dataset.name;
  if (!mine.elements.body.value.trim()) mine.elements.body.value = button.dataset.words;
  delete mine.dataset.asks;
  button.closest("details").open = false;
  mine.elements.kind.value = "reply";
  mine.dispatchEvent(new CustomEvent("ccx:kind"));
  tellChosen();
  mine.elements.body.focus();
}

function dropOffer() {
  form().elements.chat.value = "";
  obeyWay();
  tellChosen();
  form().elements.body.focus();
}

function obeyOffer(isPossible) {
  const { chat } = form().elements;
  chat.disabled = !(isPossible && chat.value);
  document.getElementById("desk-offer").hidden = chat.disabled;
}

// ---- Templates.

function useTemplate() {
  const mine = form();
  if (mine.dataset.asks === "template") delete mine.dataset.asks;
  else mine.dataset.asks = "template";
  delete document.getElementById("desk-template-place").dataset.chosen;
  mine.dispatchEvent(new CustomEvent("ccx:around"));
  tellChosen();
  (mine.dataset.asks ? mine.elements.template : mine.elements.body)?.focus();
}

async function loadTemplates(place, line) {
  place.dataset.line = line;
  const answer = await fetch(place.dataset.from, { headers: { "HX-Request": "true" }, credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok || answer.redirected) {
    delete place.dataset.line;
    return;
  }
  place.innerHTML = await answer.text();
  const select = place.querySelector("[data-template]");
  if (!select) return;
  // Begun before: what was chosen, and what stands in its gaps.
  const { chosen, filled } = place.dataset;
  if (chosen && [...select.options].some((option) => option.value === chosen)) {
    select.value = chosen;
    showGaps(select);
    const words = JSON.parse(filled || "[]");
    for (const [at, gap] of gapsOf(form()).entries()) gap.value = words[at] ?? "";
    showTemplate();
    form().dispatchEvent(new CustomEvent("ccx:around"));
  } else select.focus();
}

function showGaps(select) {
  const place = select.closest("[data-templates]");
  const text = select.selectedOptions[0]?.dataset.text ?? "";
  const names = [...new Set([...text.matchAll(HOLE)].map((hole) => hole[1]))];
  const gaps = place.querySelector("[data-gaps]");
  gaps.replaceChildren(...names.map((name) => {
    const label = document.createElement("label");
    label.textContent = /^\d+$/.test(name) ? `${gaps.dataset.words} ${name}` : name;
    const input = document.createElement("input");
    Object.assign(input, { type: "text", name: "parameter", className: "form-control", maxLength: 500, required: true });
    input.setAttribute("form", "desk-reply");
    input.dataset.gap = name;
    label.append(input);
    return label;
  }));
  showTemplate();
  form().dispatchEvent(new CustomEvent("ccx:around"));
}

function showTemplate() {
  const select = document.querySelector("[data-template]");
  const text = select?.selectedOptions[0]?.dataset.text ?? "";
  const shown = document.querySelector("[data-shown]");
  const words = new Map([...document.querySelectorAll("[data-gap]")].map((input) => [input.dataset.gap, input.value.trim()]));
  shown.hidden = !text;
  shown.querySelector("[data-text]").textContent = text.replace(HOLE, (hole, name) => words.get(name) || `[${name}]`);
}
