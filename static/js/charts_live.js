// uPlot for panels that are fetched again every few seconds: draws thousands of points at once, without motion.
import { FACE, SERIES, tokens } from "./colours.js";
import { axisFigure } from "./figures.js";

export function drawLive(element, data, options) {
  const colours = tokens(element, ["ink-3", "hairline", ...SERIES]);
  const axis = { stroke: colours["ink-3"], font: `12px ${FACE}`, grid: { stroke: colours.hairline, width: 1 }, ticks: { show: false } };
  const size = () => ({ width: element.clientWidth, height: element.clientHeight });
  const plot = new window.uPlot(
    {
      ...size(),
      cursor: { y: false, points: { size: 7 } },
      legend: { show: data.series.length > 1, live: false },
      scales: { x: { time: false }, y: { range: (_plot, _low, high) => [0, options.top ?? (high > 0 ? high * 1.08 : 1)] } },
      axes: [
        { ...axis, grid: { show: false }, values: (_plot, marks) => marks.map((mark) => data.names[mark] ?? "") },
        { ...axis, size: 56, values: (_plot, marks) => marks.map((mark) => axisFigure(mark, options.measure, options.currency)) },
      ],
      series: [{}, ...data.series.map((series, index) => ({ label: series.name, stroke: colours[SERIES[index % SERIES.length]], width: 2, points: { show: false }, spanGaps: false }))],
    },
    [data.names.map((_name, index) => index), ...data.series.map((series) => series.values)],
    element,
  );
  const watch = new ResizeObserver(() => element.clientWidth && plot.setSize(size()));
  watch.observe(element);
  return () => {
    watch.disconnect();
    plot.destroy();
  };
}
