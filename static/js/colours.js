// A canvas cannot read light-dark() or var(): let the browser work out what a token is right now.
export function tokens(element, names) {
  const probe = document.createElement("span");
  probe.hidden = true;
  element.append(probe);
  const found = Object.fromEntries(
    names.map((name) => {
      probe.style.color = `var(--${name})`;
      return [name, getComputedStyle(probe).color];
    }),
  );
  probe.remove();
  return found;
}

export const SERIES = ["series-1", "series-2", "series-3", "series-4", "series-5", "series-6"];
export const FACE = 'Inter, system-ui, sans-serif';
export const isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
