// The colours of a canvas, read from the style sheet, and canvases as sharp as the screen.

/**
 * @typedef {object} Palette
 * @property {string} ground
 * @property {string} sunk
 * @property {string} ink
 * @property {string} soft
 * @property {string} line
 * @property {string} edge
 * @property {string} ready
 * @property {string} onReady
 * @property {string} run
 * @property {string} onRun
 * @property {string} warn
 * @property {string} owed
 * @property {string} quiet    a cell in which nothing goes on
 * @property {string} busiest
 * @property {string} focus
 * @property {string} font
 */

const TOKENS = {
  ground: "--rk-ground",
  sunk: "--rk-sunk",
  ink: "--rk-ink",
  soft: "--rk-soft",
  line: "--rk-line",
  edge: "--rk-edge",
  ready: "--rk-ready",
  onReady: "--rk-on-ready",
  run: "--rk-run",
  onRun: "--rk-on-run",
  warn: "--rk-warn-fill",
  owed: "--rk-owed",
  quiet: "--rk-heat-0",
  busiest: "--rk-heat-1",
  focus: "--rk-focus",
};

/** @type {WeakMap<HTMLCanvasElement, string>} */
const FONTS = new WeakMap();

/** The palette that holds for an element now. */
export function paletteOf(/** @type {Element} */ element) {
  const style = getComputedStyle(element);
  /** @type {Object.<string, string>} */
  const palette = { font: style.fontFamily };
  for (const [name, token] of Object.entries(TOKENS)) {
    palette[name] = style.getPropertyValue(token).trim() || "#808080";
  }
  return /** @type {Palette} */ (/** @type {any} */ (palette));
}

/** The red, green and blue of "#rrggbb" or "#rgb". */
export function rgbOf(/** @type {string} */ colour) {
  const hex = colour.replace("#", "");
  const wide = hex.length === 3 ? [...hex].map((one) => one + one).join("") : hex;
  const number = Number.parseInt(wide.slice(0, 6), 16);
  if (!Number.isFinite(number)) return [128, 128, 128];
  return [(number >> 16) & 255, (number >> 8) & 255, number & 255];
}

/** A colour between two, as the 32 bits of a pixel (little-endian: ABGR). */
export function pixelBetween(
  /** @type {string} */ from,
  /** @type {string} */ to,
  /** @type {number} */ share,
) {
  const a = rgbOf(from);
  const b = rgbOf(to);
  const mixed = a.map((value, i) => Math.round(value + ((b[i] ?? 0) - value) * share));
  const [red = 0, green = 0, blue = 0] = mixed;
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** A colour between two, as CSS writes it. */
export function colourBetween(
  /** @type {string} */ from,
  /** @type {string} */ to,
  /** @type {number} */ share,
) {
  const pixel = pixelBetween(from, to, share);
  return `rgb(${pixel & 255} ${(pixel >> 8) & 255} ${(pixel >> 16) & 255})`;
}

/**
 * Fit a canvas to a size in CSS pixels; returns its context, and whether it lost its picture.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 * @param {string} [font]   set only when it is another one: it makes the page compute its styles
 */
export function fitCanvas(canvas, width, height, font = "") {
  const scale = Math.min(3, globalThis.devicePixelRatio || 1);
  const wide = Math.max(1, Math.round(width * scale));
  const high = Math.max(1, Math.round(height * scale));
  const fresh = canvas.width !== wide || canvas.height !== high;
  if (fresh) {
    canvas.width = wide;
    canvas.height = high;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
  }
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  context.setTransform(scale, 0, 0, scale, 0, 0);
  if (font && (fresh || FONTS.get(canvas) !== font)) {
    context.font = font;
    FONTS.set(canvas, font);
  }
  return { context, fresh };
}
