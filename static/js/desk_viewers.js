// Who else looks at the open contact and who types; and whether its customer is there.
const TYPING_SECONDS = 6;

let here = [];
let customer = { standing: "", types: false };
let quiet = 0;

export function watchViewers() {
  document.addEventListener("viewers", (event) => {
    here = event.detail;
    show();
  }, true);
  document.addEventListener("customer", (event) => {
    customer = { ...customer, ...event.detail };
    clearTimeout(quiet);
    if (customer.types) quiet = setTimeout(() => tell({ types: false }), TYPING_SECONDS * 1000);
    show();
  }, true);
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id === "desk-open") {
      here = [];
      customer = { standing: "", types: false };
    }
    show();
  });
}

function tell(news) {
  customer = { ...customer, ...news };
  show();
}

function show() {
  showColleagues();
  showCustomer();
}

function showColleagues() {
  const place = document.getElementById("desk-viewers");
  if (!place) return;
  const typing = here.filter((person) => person.typing);
  const shown = typing.length ? typing : here;
  place.hidden = shown.length === 0;
  const words = typing.length ? place.dataset.typing : place.dataset.one;
  write(place, shown.length ? words.replace("%s", shown.map((person) => person.name).join(", ")) : "");
}

function showCustomer() {
  const place = document.getElementById("desk-customer");
  if (!place) return;
  const standing = customer.types ? "types" : customer.standing;
  place.hidden = !standing;
  place.dataset.standing = standing;
  write(place, standing ? place.dataset[standing] : "");
}

function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}
