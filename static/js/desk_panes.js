// Widths of list and context, remembered on this machine; the context as a drawer where there is no room for it.
const KEY = "ccx-desk-";
const LIMITS = { list: [260, 440], context: [280, 480] };
const STEP = 16;

export function watchPanes() {
  const desk = document.getElementById("desk");
  for (const pane of Object.keys(LIMITS)) {
    const kept = Number(keep(pane));
    if (kept) setWidth(desk, pane, kept);
  }
  desk.addEventListener("pointerdown", (event) => {
    const grip = event.target.closest(".desk-grip");
    if (grip) drag(desk, grip, event);
  });
  desk.addEventListener("keydown", (event) => {
    const grip = event.target.closest(".desk-grip");
    if (!grip || !/^Arrow(Left|Right)$/.test(event.key)) return;
    event.preventDefault();
    const towardsEnd = (event.key === "ArrowRight") !== isRtl();
    const grows = grip.dataset.grip === "list" ? towardsEnd : !towardsEnd;
    setWidth(desk, grip.dataset.grip, widthOf(desk, grip.dataset.grip) + (grows ? STEP : -STEP), true);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-context-open]")) showContext(true);
    else if (event.target.closest("[data-context-close]")) showContext(false);
    else if (desk.classList.contains("has-context") && !event.target.closest("#desk-context-pane, dialog, .toasts")) showContext(false);
  });
}

export function showContext(isShown) {
  const desk = document.getElementById("desk");
  if (desk.classList.contains("has-context") === isShown) return false;
  desk.classList.toggle("has-context", isShown);
  const pane = document.getElementById("desk-context-pane");
  if (isShown) pane?.querySelector("[data-context-close]")?.focus();
  else document.querySelector("[data-context-open]")?.focus();
  return true;
}

function drag(desk, grip, event) {
  event.preventDefault();
  grip.setPointerCapture(event.pointerId);
  grip.classList.add("is-held");
  const pane = grip.dataset.grip;
  const from = event.clientX;
  const width = widthOf(desk, pane);
  const sign = (pane === "list") === isRtl() ? -1 : 1;
  const move = (moved) => setWidth(desk, pane, width + sign * (moved.clientX - from));
  const end = () => {
    grip.classList.remove("is-held");
    grip.removeEventListener("pointermove", move);
    setWidth(desk, pane, widthOf(desk, pane), true);
  };
  grip.addEventListener("pointermove", move);
  grip.addEventListener("lostpointercapture", end, { once: true });
}

function widthOf(desk, pane) {
  return parseInt(desk.style.getPropertyValue(`--${pane}`) || getComputedStyle(desk).getPropertyValue(`--${pane}`), 10);
}

function setWidth(desk, pane, width, isFinal = false) {
  const [least, most] = LIMITS[pane];
  const kept = Math.min(most, Math.max(least, width));
  desk.style.setProperty(`--${pane}`, `${kept}px`);
  desk.querySelector(`[data-grip="${pane}"]`)?.setAttribute("aria-valuenow", Math.round(kept));
  if (isFinal) keep(pane, kept);
}

function keep(pane, width) {
  try {
    if (width === undefined) return localStorage.getItem(KEY + pane);
    localStorage.setItem(KEY + pane, width);
  } catch {
    // storage is refused in some private windows
  }
  return null;
}

const isRtl = () => document.documentElement.dir === "rtl";
