// Clocks the server started: it says how many seconds have passed, we count on from when it said so.
const said = new WeakMap();

export function watchClocks() {
  setInterval(tickAll, 1000);
  document.addEventListener("htmx:load", tickAll);
  tickAll();
}

export function secondsOf(element) {
  const text = element.dataset.seconds;
  let start = said.get(element);
  if (!start || start.text !== text) said.set(element, (start = { text, at: performance.now() }));
  const passed = (performance.now() - start.at) / 1000;
  return element.dataset.clock === "down" ? Math.max(0, Number(text) - passed) : Number(text) + passed;
}

function tickAll() {
  const [day, hour, minute, second] = (document.getElementById("desk")?.dataset.units ?? "d h m s").split(" ");
  for (const element of document.querySelectorAll("[data-clock]")) {
    const seconds = secondsOf(element);
    const text = written(element.dataset.clock === "down" ? Math.ceil(seconds) : Math.floor(seconds), { day, hour, minute, second }, "short" in element.dataset);
    if (element.textContent !== text) element.textContent = text;
    turnRing(element, seconds);
  }
}

function turnRing(element, seconds) {
  const ring = element.parentElement.querySelector(":scope > [data-ring]");
  if (!ring) return;
  const used = Math.min(100, (100 * seconds) / Number(ring.dataset.ring));
  ring.querySelector(".ring-part").setAttribute("stroke-dasharray", `${used.toFixed(1)} 100`);
}

// The two largest units that matter; short: the largest alone once minutes have gone by.
function written(seconds, unit, isShort) {
  const space = "\u00a0";
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days) return `${days}${space}${unit.day}${isShort ? "" : ` ${hours % 24}${space}${unit.hour}`}`;
  if (hours) return `${hours}${space}${unit.hour} ${String(minutes % 60).padStart(2, "0")}${space}${unit.minute}`;
  if (minutes && isShort) return `${minutes}${space}${unit.minute}`;
  if (minutes) return `${minutes}${space}${unit.minute} ${String(seconds % 60).padStart(2, "0")}${space}${unit.second}`;
  return `${seconds}${space}${unit.second}`;
}
