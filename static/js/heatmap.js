// A heat map is one stop of the Tab key: within it the arrow keys walk from hour to hour.
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

export function watchHeatmaps() {
  for (const heatmap of document.querySelectorAll(".heatmap")) [...heatmap.querySelectorAll(".heat-link")].slice(1).forEach((link) => (link.tabIndex = -1));
  document.addEventListener("keydown", walk);
}

function walk(event) {
  const link = event.target.closest?.(".heat-link");
  const step = STEPS[event.key];
  if (!link || !step || event.ctrlKey || event.metaKey || event.altKey) return;
  const rows = [...link.closest("tbody").rows];
  const sideways = getComputedStyle(link).direction === "rtl" ? -step[1] : step[1];
  let row = rows.indexOf(link.closest("tr")), column = link.closest("td").cellIndex;
  let next = null;
  do {
    row += step[0];
    column += sideways;
    next = rows[row]?.cells[column]?.querySelector(".heat-link");
  } while (!next && rows[row]?.cells[column]);
  event.preventDefault();
  if (!next) return;
  link.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}
