// Colours that stay readable whatever accent a shop has, and the one sheet of styles.

const DEFAULT_ACCENT = "#3b52cf";
const WHITE = [255, 255, 255];
const BLACK = [0, 0, 0];
const INK = [16, 20, 28];
// The surfaces that words in the accent's colour stand on: the least friendly of each theme.
const SURFACE = { light: [238, 240, 244], dark: [38, 45, 56] };
const TEXT = 4.6;

/** Red, green and blue of "#rgb" or "#rrggbb"; of anything else those of our own accent. */
export function rgb(accent) {
  const hex = /^#?([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(String(accent ?? "").trim())?.[1] ?? DEFAULT_ACCENT.slice(1);
  const whole = hex.length === 3 ? [...hex].map((digit) => digit + digit).join("") : hex;
  return [0, 2, 4].map((at) => parseInt(whole.slice(at, at + 2), 16));
}

function luminance(colour) {
  const [red, green, blue] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

/** White or near black, whichever reads better on it. */
export function inkOn(colour) {
  return contrast(colour, WHITE) >= TEXT || contrast(colour, WHITE) >= contrast(colour, INK) ? WHITE : INK;
}

const mixed = (colour, other, share) => colour.map((part, place) => Math.round(part + (other[place] - part) * share));

/** The colour, moved towards white or black only as far as words on the surface need. */
export function readableOn(colour, surface) {
  const end = luminance(surface) > 0.4 ? BLACK : WHITE;
  for (let share = 0; share < 1; share += 0.05) {
    const moved = mixed(colour, end, share);
    if (contrast(moved, surface) >= TEXT) return moved;
  }
  return end;
}

/** A middle grey reads badly in white and in black alike: it gives way a little. */
function readableItself(colour) {
  if (contrast(colour, inkOn(colour)) >= TEXT) return colour;
  return readableOn(colour, WHITE);
}

const css = (colour) => `rgb(${colour.join(" ")})`;

/** Dress the widget: its theme, its side, and what follows from the accent. */
export function dress(root, { accent, position, theme }) {
  const isDark = theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = isDark ? "dark" : "light";
  root.dataset.side = position === "left" ? "left" : "right";
  const fill = readableItself(rgb(accent));
  const values = {
    "--accent": css(fill),
    "--on-accent": css(inkOn(fill)),
    "--accent-text": css(readableOn(fill, SURFACE[root.dataset.theme])),
    // Away from the ink, so that it reads no worse.
    "--accent-hover": css(mixed(fill, inkOn(fill) === WHITE ? BLACK : WHITE, 0.14)),
  };
  for (const [name, value] of Object.entries(values)) root.style.setProperty(name, value);
}

/** The styles as a sheet: no content policy of the host forbids it, as it would a style element. */
export function style(shadow, text) {
  try {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(text);
    shadow.adoptedStyleSheets = [sheet];
  } catch {
    // Browsers of before 2023 cannot make one.
    shadow.append(Object.assign(document.createElement("style"), { textContent: text }));
  }
}
