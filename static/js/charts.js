// Draws over tables: a panel's table is its data, its words and what remains when nothing can be drawn.
import { drawRich } from "./charts_rich.js";
import { drawLive } from "./charts_live.js";

const drawn = new Map(); // chart element -> function that takes the drawing away
const loading = new Map(); // library -> promise

export function readTable(wrap) {
  const heads = [...wrap.querySelectorAll("thead th")];
  const rows = [...wrap.querySelectorAll("tbody tr:not(.is-total)")];
  const names = rows.map((row) => row.cells[0].querySelector(".cell")?.textContent.trim() ?? row.cells[0].textContent.trim());
  const series = heads
    .map((head, index) => ({ head, index }))
    .filter(({ head, index }) => index > 0 && head.classList.contains("is-numeric"))
    .map(({ head, index }) => ({
      name: head.textContent.trim(),
      values: rows.map((row) => (row.cells[index].dataset.value === undefined ? null : Number(row.cells[index].dataset.value))),
      unripe: rows.map((row) => row.cells[index].dataset.unripe !== undefined),
      texts: rows.map((row) => row.cells[index].querySelector(".cell")?.textContent.trim() ?? ""),
    }));
  return { names, series };
}

export function drawCharts(root) {
  for (const panel of root.querySelectorAll("[data-panel]")) prepare(panel);
}

export function watchCharts() {
  document.addEventListener("htmx:load", (event) => {
    const within = event.target.closest?.("[data-panel]");
    if (within) prepare(within);
    drawCharts(event.target);
  });
  document.addEventListener("htmx:beforeCleanupElement", (event) => clear(event.target));
  document.addEventListener("ccx:theme", () => {
    for (const chart of [...drawn.keys()]) {
      clear(chart);
      draw(chart);
    }
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-as-table]");
    if (!button) return;
    const asTable = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(asTable));
    show(button.closest("[data-panel]"), asTable);
  });
}

function prepare(panel) {
  const chart = panel.querySelector("[data-chart]");
  if (!chart || drawn.has(chart) || chart.dataset.drawing) return;
  chart.dataset.drawing = "yes";
  const library = chart.dataset.chart === "live" ? "uplot" : "echarts";
  load(library).then(
    () => {
      delete chart.dataset.drawing;
      if (!chart.isConnected) return;
      panel.querySelector("[data-as-table]").hidden = false;
      show(panel, false);
    },
    () => delete chart.dataset.drawing, // the table stays
  );
}

function show(panel, asTable) {
  const chart = panel.querySelector("[data-chart]");
  panel.querySelector("[data-chart-table]").hidden = !asTable;
  chart.hidden = asTable;
  if (!asTable && !drawn.has(chart)) draw(chart);
}

function draw(chart) {
  const data = readTable(chart.closest("[data-panel]").querySelector("[data-chart-table]"));
  if (!data.series.length) return show(chart.closest("[data-panel]"), true);
  const options = { kind: chart.dataset.chart, measure: chart.dataset.measure, currency: chart.dataset.currency, top: chart.dataset.top ? Number(chart.dataset.top) : undefined };
  drawn.set(chart, (options.kind === "live" ? drawLive : drawRich)(chart, data, options));
}

function clear(element) {
  for (const chart of drawn.keys()) {
    if (chart !== element && !element.contains?.(chart)) continue;
    drawn.get(chart)();
    drawn.delete(chart);
  }
}

function load(library) {
  if (!loading.has(library)) loading.set(library, Promise.all([...document.querySelectorAll(`meta[name="ccx-${library}"]`)].map(({ content }) => fetchFile(content))));
  return loading.get(library);
}

function fetchFile(address) {
  return new Promise((resolve, reject) => {
    const isStyle = /\.css(\?|$)/.test(address);
    const element = document.createElement(isStyle ? "link" : "script");
    if (isStyle) Object.assign(element, { rel: "stylesheet", href: address });
    else element.src = address;
    element.addEventListener("load", resolve);
    element.addEventListener("error", reject);
    document.head.append(element);
  });
}
