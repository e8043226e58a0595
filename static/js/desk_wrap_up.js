// The wrap-up panel from the keyboard: type to find a reason, 1 to 3 for a suggestion, Enter finishes.
const panel = () => document.querySelector("#wrap-up [data-finish]");
let active = null;
let hasStepped = false; // since the last word that was typed

export function watchWrapUp() {
  document.addEventListener("htmx:load", (event) => ready(event.target));
  document.addEventListener("ccx:restored", (event) => event.target.matches("[data-finish]") && carryOn(event.target));
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", onClick);
  document.addEventListener("input", onInput);
  document.addEventListener("focusin", (event) => event.target.matches?.("[role=combobox]") && event.target.select());
  document.addEventListener("focusout", onLeave);
  document.addEventListener("htmx:afterSwap", (event) => event.target.id === "reason-list" && showList(event.target));
  setInterval(watchTime, 1000);
  ready(document);
}

function ready(root) {
  const form = root.querySelector?.("[data-finish]") ?? (root.matches?.("[data-finish]") ? root : null);
  if (!form) return;
  // In a fragment a parser without scripts makes real fields of what is meant for browsers without them.
  form.querySelector("noscript")?.remove();
  form.querySelector("[data-combo]").hidden = false;
  const isFree = !document.activeElement || document.activeElement === document.body;
  const wrong = form.querySelector("[aria-invalid=true]:not([type=hidden]), .has-errors input[type=radio]");
  if (wrong) wrong.focus();
  else if (isFree && !form.closest("[hidden]") && matchMedia("(pointer: fine)").matches) box(form).focus({ preventScroll: true });
  carryOn(form);
}

// A panel that was replaced under half a word shows again what fits it.
function carryOn(form) {
  showChosen(form);
  if (document.activeElement === box(form) && box(form).value && !form.querySelector("[data-chosen]").value) find(form);
}

const box = (form) => form.querySelector("[role=combobox]");
const list = (form) => form.querySelector("[role=listbox]");
const isOpen = (form) => !list(form).hidden;

function onKey(event) {
  const form = panel();
  if (!form || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const isInside = form.contains(event.target);
  if (!isInside && event.target !== document.body) return;
  if (event.target === box(form) && onBoxKey(event, form)) return event.preventDefault();
  if (/^[1-9]$/.test(event.key) && mayChoose(event.target, form)) {
    const suggestion = form.querySelectorAll("button[data-choose]")[Number(event.key) - 1];
    if (!suggestion) return;
    event.preventDefault();
    choose(form, suggestion);
  } else if (event.key === "Enter" && isInside && event.target.matches("input, select")) {
    event.preventDefault();
    form.requestSubmit();
  }
}

// Digits are choices wherever nobody is writing; in the empty or settled box they are too.
function mayChoose(target, form) {
  if (target === box(form)) return target.value === "" || form.querySelector("[data-chosen]").value !== "";
  return !target.matches("input:not([type=radio]), textarea, select");
}

function onBoxKey(event, form) {
  const steps = { ArrowDown: 1, ArrowUp: -1 };
  if (event.key in steps) {
    if (isOpen(form)) step(form, steps[event.key]);
    else find(form);
    return true;
  }
  if (event.key === "Escape" && isOpen(form)) {
    close(form);
    event.stopPropagation();
    return true;
  }
  if (event.key === "Enter" && isOpen(form) && active?.dataset.choose) {
    choose(form, active);
    return true;
  }
  return false;
}

function onInput(event) {
  const form = panel();
  if (!form || event.target !== box(form)) return;
  form.querySelector("[data-chosen]").value = "";
  hasStepped = false;
  press(form, "");
}

function onClick(event) {
  const form = panel();
  if (!form) return;
  const option = event.target.closest("[data-choose]");
  if (option && form.contains(option)) choose(form, option);
  else if (event.target === box(form) && !isOpen(form)) find(form);
}

function onLeave(event) {
  const form = panel();
  if (form && event.target === box(form) && !list(form).contains(event.relatedTarget)) setTimeout(() => close(form), 150);
}

// All of the tree while the box holds what was chosen; else what fits.
function find(form) {
  const field = box(form);
  const text = field.value;
  if (form.querySelector("[data-chosen]").value) field.value = "";
  htmx.trigger(field, "find");
  field.value = text;
}

function showList(element) {
  const form = element.closest("form");
  if (document.activeElement !== box(form)) return;
  element.hidden = false;
  box(form).setAttribute("aria-expanded", "true");
  // A late answer does not move what somebody has gone to already.
  const gone = hasStepped && active ? element.querySelector(`#${CSS.escape(active.id)}`) : null;
  mark(form, gone ?? element.querySelector("[data-choose]"));
}

function close(form) {
  list(form).hidden = true;
  box(form).setAttribute("aria-expanded", "false");
  mark(form, null);
}

function step(form, by) {
  const options = [...list(form).querySelectorAll("[data-choose]")];
  hasStepped = true;
  if (options.length) mark(form, options[(options.indexOf(active) + by + options.length) % options.length]);
}

function mark(form, option) {
  active?.setAttribute("aria-selected", "false");
  active = option;
  if (!option) return box(form).removeAttribute("aria-activedescendant");
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  box(form).setAttribute("aria-activedescendant", option.id);
}

function choose(form, option) {
  box(form).value = option.dataset.path;
  form.querySelector("[data-chosen]").value = option.dataset.choose;
  press(form, option.dataset.choose);
  close(form);
  form.dispatchEvent(new CustomEvent("ccx:chosen", { bubbles: true }));
  const open = [...form.querySelectorAll("[data-answer]")].find((answer) => !answer.querySelector(":checked"));
  (open?.querySelector("input") ?? form.querySelector(".wrap-finish")).focus();
}

function press(form, key) {
  for (const button of form.querySelectorAll("button[data-choose]")) {
    button.setAttribute("aria-pressed", String(button.dataset.choose === key));
  }
}

function showChosen(form) {
  press(form, form.querySelector("[data-chosen]").value);
}

// An outcome that says whether it is resolved answers the question, unless somebody did.
document.addEventListener("change", (event) => {
  const means = event.target.matches?.("[data-outcome]") && event.target.selectedOptions[0]?.dataset.means;
  const answer = means && event.target.form.querySelector("[data-answer=is_resolved]");
  if (answer && !answer.querySelector(":checked")) answer.querySelector(`[value="${means}"]`).checked = true;
});

// When the time is up it says so, and asks the server what became of it.
function watchTime() {
  const clock = document.querySelector("[data-wrap-clock]");
  if (!clock || clock.dataset.asked || !/^0\s*\D*$/.test(clock.textContent.trim())) return;
  clock.dataset.asked = "yes";
  const then = clock.parentElement.querySelector("[data-over]");
  then.textContent = then.dataset.over;
  setTimeout(() => htmx.trigger("#wrap-up", "ccx:refresh"), 4000);
}
