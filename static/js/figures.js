// How a chart's axis writes figures; everything with words is written by the server and read from the table.
const language = () => document.documentElement.lang || "en";

export function axisFigure(value, measure, currency) {
  if (measure === "share") return new Intl.NumberFormat(language(), { style: "percent", maximumFractionDigits: 1 }).format(value);
  if (measure === "money") return new Intl.NumberFormat(language(), { style: "currency", currency: currency || "EUR", maximumFractionDigits: 0, notation: Math.abs(value) >= 1e5 ? "compact" : "standard" }).format(value);
  if (measure === "duration") return shortDuration(value);
  return new Intl.NumberFormat(language(), { notation: Math.abs(value) >= 1e4 ? "compact" : "standard", maximumFractionDigits: 2 }).format(value);
}

function shortDuration(seconds) {
  if (seconds >= 172800) return `${Math.round(seconds / 8640) / 10} d`;
  if (seconds >= 7200) return `${Math.round(seconds / 360) / 10} h`;
  if (seconds >= 120) return `${Math.round(seconds / 6) / 10} m`;
  return `${Math.round(seconds * 10) / 10} s`;
}
