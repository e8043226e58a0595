// What was typed survives a session that was lost: it is kept when a form is sent or the sign-in page is opened in
// place of this one, and comes back once on the same page after signing in. Forms that keep themselves are left alone.
const KEY = "ccx:lost";

const ours = () =>
  [...document.forms].filter((form) => form.method === "post" && !form.dataset.keep && !form.dataset.draft);

const typedIn = (form) =>
  [...form.elements].filter(
    (field) =>
      field.name && !["hidden", "password", "file", "submit", "button"].includes(field.type) && isChanged(field),
  );

function isChanged(field) {
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  if (field.options) return [...field.options].some((option) => option.selected !== option.defaultSelected);
  return field.value !== field.defaultValue;
}

const isSignIn = () => document.querySelector("[data-sign-in]") !== null;

function keep() {
  if (isSignIn()) return;
  const typed = ours().flatMap((form) =>
    typedIn(form).map((field) => ({
      form: form.getAttribute("action") ?? "",
      name: field.name,
      value: field.value,
      checked: field.checked ?? null,
    })),
  );
  try {
    if (typed.length) sessionStorage.setItem(KEY, JSON.stringify({ page: location.pathname, typed, isLost: false }));
  } catch {
    // A full or forbidden store: the form goes on its way all the same.
  }
}

function giveBack() {
  let kept = null;
  try {
    kept = JSON.parse(sessionStorage.getItem(KEY));
    if (!kept) return;
    if (isSignIn()) {
      sessionStorage.setItem(KEY, JSON.stringify({ ...kept, isLost: true }));
      return;
    }
    sessionStorage.removeItem(KEY);
  } catch {
    return;
  }
  if (!kept.isLost || kept.page !== location.pathname) return;
  for (const { form, name, value, checked } of kept.typed) put(form, name, value, checked);
}

function put(action, name, value, checked) {
  const form = ours().find((one) => (one.getAttribute("action") ?? "") === action && one.elements[name]);
  const fields = form ? [...form.elements].filter((field) => field.name === name) : [];
  const field = fields.length > 1 ? fields.find((one) => one.value === value) : fields[0];
  if (!field) return;
  if (field.type === "checkbox" || field.type === "radio") field.checked = checked;
  else field.value = value;
  for (let fold = field.closest("details"); fold; fold = fold.parentElement?.closest("details")) fold.open = true;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

export function watchTyped() {
  document.addEventListener("submit", (event) => event.defaultPrevented || keep());
  document.addEventListener("htmx:beforeOnLoad", (event) => event.detail.xhr.getResponseHeader("HX-Redirect") && keep());
  giveBack();
}
