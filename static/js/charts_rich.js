// ECharts with our look: axes labelled directly, no legend where a label at the line's end fits, gaps stay gaps.
import { FACE, SERIES, isStill, tokens } from "./colours.js";
import { axisFigure } from "./figures.js";

export function drawRich(element, data, options) {
  const colours = tokens(element, ["ink", "ink-2", "ink-3", "hairline", "surface", "raised", "sunken", ...SERIES]);
  const chart = window.echarts.init(element, null, { renderer: "canvas" });
  chart.setOption(describe(element, data, options, colours));
  const watch = new ResizeObserver(() => element.offsetWidth && chart.resize());
  watch.observe(element);
  return () => {
    watch.disconnect();
    chart.dispose();
  };
}

function describe(element, data, options, colours) {
  const lies = options.kind === "ranked";
  const many = data.series.length > 1;
  const endLabels = many && (options.kind === "line" || options.kind === "area") && element.offsetWidth > 420 && endsApart(data.series);
  const isRtl = document.dir === "rtl";
  const values = data.series.flatMap((series) => series.values.filter((value) => value !== null));
  const greatest = Math.max(0, ...values);
  const isNearlyAll = options.measure === "share" && greatest > 0.8 && greatest <= 1; // no axis goes beyond the whole
  const text = { color: colours["ink-3"], fontFamily: FACE, fontSize: 12 };
  const figures = {
    type: "value",
    max: options.top ?? (isNearlyAll ? 1 : undefined),
    interval: isNearlyAll && options.top === undefined ? 0.25 : undefined,
    minInterval: values.every(Number.isInteger) && options.measure === "number" ? 1 : undefined,
    splitNumber: 4,
    axisLabel: { ...text, formatter: (value) => axisFigure(value, options.measure, options.currency) },
    splitLine: { lineStyle: { color: colours.hairline } },
    position: isRtl && !lies ? "right" : undefined,
    show: !lies,
  };
  const names = {
    type: "category",
    data: data.names,
    inverse: lies || isRtl,
    boundaryGap: options.kind !== "line" && options.kind !== "area",
    axisTick: { show: false },
    axisLine: { show: !lies, lineStyle: { color: colours.hairline } },
    axisLabel: { ...text, color: lies ? colours.ink : text.color, hideOverlap: true, ...(lies ? { width: Math.min(180, element.offsetWidth * 0.38), overflow: "truncate", interval: 0 } : {}) },
  };
  return {
    animation: !isStill(),
    animationDuration: 150,
    color: SERIES.map((name) => colours[name]),
    textStyle: { fontFamily: FACE },
    grid: { top: many && !endLabels ? 36 : 14, right: lies ? 64 : endLabels ? 104 : 16, bottom: 4, left: 4, containLabel: true },
    legend: many && !endLabels ? { top: 0, left: 0, icon: "roundRect", itemWidth: 10, itemHeight: 10, itemGap: 16, textStyle: { ...text, color: colours["ink-2"] } } : undefined,
    tooltip: {
      trigger: "axis",
      confine: true,
      transitionDuration: 0,
      backgroundColor: colours.raised,
      borderColor: colours.hairline,
      padding: [8, 12],
      axisPointer: { type: lies || options.kind === "bar" || options.kind === "stacked" ? "shadow" : "line", shadowStyle: { color: colours.sunken, opacity: 0.6 }, lineStyle: { color: colours["ink-3"], type: "solid" } },
      formatter: (points) => tip(data, points[0].dataIndex),
    },
    xAxis: lies ? figures : names,
    yAxis: lies ? names : figures,
    series: [
      ...data.series.map((series) => describeSeries(series, { ...options, lies, endLabels, text, colours, count: data.names.length })),
      ...data.series.flatMap((series, index) => describeUnripe(series, { ...options, endLabels, text, colour: colours[SERIES[index % SERIES.length]] })),
    ],
  };
}

function describeSeries(series, { kind, lies, endLabels, text, colours, count }) {
  const isLine = kind === "line" || kind === "area";
  return {
    name: series.name,
    type: isLine ? "line" : "bar",
    stack: kind === "stacked" ? "all" : undefined,
    data: isLine ? series.values.map((value, index) => (series.unripe?.[index] ? null : value)) : series.values,
    connectNulls: false,
    lineStyle: { width: 2 },
    symbol: "circle",
    symbolSize: 6,
    showSymbol: isLine && (count < 3 || series.values.some((value, index) => value !== null && isAlone(series.values, index))),
    areaStyle: kind === "area" ? { opacity: 0.12 } : undefined,
    barMaxWidth: lies ? 16 : 28,
    barCategoryGap: "32%",
    itemStyle: isLine ? undefined : { borderRadius: kind === "stacked" ? 0 : lies ? [0, 3, 3, 0] : [3, 3, 0, 0], borderColor: kind === "stacked" ? colours.surface : undefined, borderWidth: kind === "stacked" ? 1 : 0 },
    label: lies ? { show: true, position: "right", ...text, color: colours.ink, formatter: ({ dataIndex }) => series.texts[dataIndex] } : undefined,
    endLabel: endLabels && !series.unripe?.includes(true) ? { show: true, ...text, color: "inherit", fontWeight: 500, formatter: "{a}", width: 92, overflow: "truncate", distance: 8 } : undefined,
    emphasis: { disabled: true },
  };
}

// What may still move goes on dotted from the last figure that will not.
function describeUnripe(series, { kind, endLabels, text, colour }) {
  if ((kind !== "line" && kind !== "area") || !series.unripe?.includes(true)) return [];
  const data = series.values.map((value, index) => (series.unripe[index] || series.unripe[index + 1] ? value : null));
  return [{ name: series.name, type: "line", data, connectNulls: false, showSymbol: false, lineStyle: { width: 2, type: "dotted", color: colour }, itemStyle: { color: colour }, endLabel: endLabels ? { show: true, ...text, color: colour, fontWeight: 500, formatter: "{a}", width: 92, overflow: "truncate", distance: 8 } : undefined, emphasis: { disabled: true } }];
}

// Whether names at the ends of the lines would stand clear of each other.
function endsApart(series) {
  const greatest = Math.max(...series.flatMap(({ values }) => values.map((value) => value ?? 0)));
  const ends = series.map(({ values }) => values.findLast((value) => value !== null) ?? 0).sort((a, b) => a - b);
  return ends.every((end, index) => index === 0 || end - ends[index - 1] > greatest * 0.07);
}

const isAlone = (values, index) => (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null;

// Nodes, not markup: ECharts' own tooltip writes style attributes, which the content policy refuses.
function tip(data, index) {
  const box = document.createElement("div");
  box.className = "chart-tip";
  const title = document.createElement("span");
  title.className = "chart-tip-title";
  title.textContent = data.names[index];
  box.append(title);
  for (const series of data.series) {
    const row = document.createElement("span");
    row.className = "chart-tip-row";
    const figure = document.createElement("b");
    figure.textContent = series.texts[index] || "–";
    row.append(series.name, figure);
    box.append(row);
  }
  return box;
}
