// Who else looks at the open contact, and who types.
let here = [];

export function watchViewers() {
  document.addEventListener("viewers", (event) => {
    here = event.detail;
    show();
  }, true);
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target?.id === "desk-open") here = [];
    show();
  });
}

function show() {
  const place = document.getElementById("desk-viewers");
  if (!place) return;
  const typing = here.filter((person) => person.typing);
  const shown = typing.length ? typing : here;
  place.hidden = shown.length === 0;
  const words = typing.length ? place.dataset.typing : place.dataset.one;
  const text = shown.length ? words.replace("%s", shown.map((person) => person.name).join(", ")) : "";
  if (place.textContent !== text) place.textContent = text;
}
