// Nothing typed is lost: form[data-keep="KEY"] survives reloads and swaps until it was sent, and nothing is swapped
// under a person's fingers.
const PREFIX = "ccx:typed:";
const NEVER = new Set(["csrfmiddlewaretoken"]);
const late = new Map();

export function watchKeeping() {
  document.addEventListener("input", (event) => keep(event.target.form));
  document.addEventListener("change", (event) => keep(event.target.form));
  document.addEventListener("ccx:chosen", (event) => keep(event.target.form ?? event.target.closest("form")));
  document.addEventListener("htmx:afterRequest", forgetWhenSent);
  document.addEventListener("htmx:beforeSwap", takeErrors);
  document.addEventListener("htmx:confirm", waitForFingers);
  document.addEventListener("focusout", () => setTimeout(catchUp));
  document.addEventListener("htmx:load", (event) => restoreAll(event.target));
  restoreAll(document);
}

function keep(form) {
  const key = form?.dataset?.keep;
  if (!key) return;
  const typed = {};
  for (const field of form.elements) {
    if (!field.name || NEVER.has(field.name) || (field.type === "radio" && !field.checked)) continue;
    typed[field.name] = field.value;
  }
  try {
    sessionStorage.setItem(PREFIX + key, JSON.stringify(typed));
  } catch {
    // A full or forbidden store: typing goes on, only a reload would lose it.
  }
}

function restoreAll(root) {
  for (const form of root.querySelectorAll?.("form[data-keep]") ?? []) restore(form);
  if (root.matches?.("form[data-keep]")) restore(root);
}

function restore(form) {
  let typed;
  try {
    typed = JSON.parse(sessionStorage.getItem(PREFIX + form.dataset.keep) ?? "null");
  } catch {
    return;
  }
  if (!typed) return;
  for (const field of form.elements) {
    if (!(field.name in typed) || NEVER.has(field.name)) continue;
    if (field.type === "radio") field.checked = field.value === typed[field.name];
    else field.value = typed[field.name];
  }
  const fold = form.closest("details.ctx-add");
  if (fold && Object.values(typed).some((value) => value.trim())) fold.open = true;
  form.dispatchEvent(new CustomEvent("ccx:restored", { bubbles: true }));
}

function forgetWhenSent(event) {
  const form = event.detail.elt;
  if (!(form instanceof HTMLFormElement) || !form.dataset.keep || !event.detail.successful) return;
  if (event.detail.requestConfig.verb === "post") sessionStorage.removeItem(PREFIX + form.dataset.keep);
}

// A form that came back with its errors is shown, not reported as a failure.
function takeErrors(event) {
  if (event.detail.xhr.status !== 422) return;
  event.detail.shouldSwap = true;
  event.detail.isError = false;
}

// News that would replace what somebody is writing in comes when they are done.
function waitForFingers(event) {
  const element = event.detail.elt;
  if (event.detail.triggeringEvent?.type !== "live" || !isWrittenIn(element)) return;
  event.preventDefault();
  late.set(element.id, event.detail.issueRequest);
}

function catchUp() {
  for (const [id, ask] of late) {
    const element = document.getElementById(id);
    if (element && isWrittenIn(element)) continue;
    late.delete(id);
    if (element) ask(true);
  }
}

function isWrittenIn(element) {
  const here = document.activeElement;
  return element.id !== "" && element.contains(here) && here.matches("input, textarea, select");
}
