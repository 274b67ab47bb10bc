// Up to a thousand tiles with labels, on a canvas; only those that changed are drawn again.

import { make, makeSize, setAttribute, setText } from "./dom.js";
import { LOOK } from "./frame.js";
import { cellAt, moveChoice, rasterOf } from "./layout.js";
import { fdOf } from "./naming.js";
import { colourBetween, fitCanvas, paletteOf } from "./palette.js";
import { tileFits, tileWords } from "./tiles.js";

/**
 * @typedef {import("./frame.js").Cells} Cells
 * @typedef {import("./layout.js").Raster} Raster
 * @typedef {import("./palette.js").Palette} Palette
 * @typedef {import("./panel.js").View} View
 *
 * @typedef {object} TileOptions
 * @property {(key: string) => string} label
 * @property {(key: string, look: number) => string} words
 */

const FADED = 0x10000;
const PICKED = 0x20000;

/**
 * What pointing, clicking and keys do on a canvas of tiles; the same for grid and heat map.
 * @param {HTMLCanvasElement} canvas
 * @param {HTMLElement} line     where the tile that is pointed at is described
 * @param {() => {raster: Raster|null, cells: Cells|null, picked: string,
 *   words: (key: string, look: number) => string}} stand
 * @param {(key: string) => void} pick
 */
export function tileInput(canvas, line, stand, pick) {
  let pointed = -1;

  function at(/** @type {MouseEvent} */ event) {
    const { raster } = stand();
    const box = canvas.getBoundingClientRect();
    return raster ? cellAt(raster, event.clientX - box.left, event.clientY - box.top) : -1;
  }

  /** Describe the tile that is pointed at, else the chosen one. */
  function describe() {
    const { cells, picked, words } = stand();
    const place = pointed >= 0 ? pointed : (cells?.keys.indexOf(picked) ?? -1);
    const key = cells?.keys[place];
    setText(line, key === undefined ? "" : words(key, cells?.look[place] ?? 0));
  }

  canvas.tabIndex = 0;
  canvas.addEventListener("pointermove", (event) => {
    pointed = at(event);
    describe();
  });
  canvas.addEventListener("pointerleave", () => {
    pointed = -1;
    describe();
  });
  canvas.addEventListener("click", (event) => {
    const key = stand().cells?.keys[at(event)];
    if (key !== undefined) pick(key);
  });
  canvas.addEventListener("keydown", (event) => {
    if (!event.key.startsWith("Arrow") || event.shiftKey) return;
    const { raster, cells, picked } = stand();
    if (!raster || !cells) return;
    const key = cells.keys[moveChoice(raster, cells.keys.indexOf(picked), event.key)];
    event.preventDefault();
    event.stopPropagation();
    if (key !== undefined) pick(key);
  });
  return describe;
}

/** What the signs on tiles mean. */
export function tileLegend() {
  const legend = make("p", "rk-tile-legend");
  for (const [look, name] of [
    ["run", "▶ runs"],
    ["ready", "▲ ready"],
    ["owed", "owed"],
    ["warn", "✕ wasted, error"],
    ["busy", "much going on"],
  ]) {
    legend.append(make("i", `rk-t-${look}`), name ?? "");
  }
  return legend;
}

/**
 * @param {(key: string) => void} pick
 */
export function makeGrid(pick) {
  const canvas = make("canvas", "rk-canvas");
  canvas.setAttribute("role", "application");
  const line = make("p", "rk-pointed");
  const area = make("div", "rk-area", canvas);
  const size = makeSize(area);
  const node = make("div", "rk-tiles", area, make("div", "rk-under", line, tileLegend()));
  /** @type {Raster|null} */
  let raster = null;
  /** @type {Cells|null} */
  let cells = null;
  let picked = "";
  /** @type {(key: string, look: number) => string} */
  let words = (key) => key;
  /** @type {Int32Array} */
  let drawn = new Int32Array(0);
  /** @type {string[]|null} */
  let keys = null;
  /** @type {Palette|null} */
  let palette = null;
  let shape = "";
  let stale = true; // nothing on the canvas may be relied upon
  const describe = tileInput(canvas, line, () => ({ raster, cells, picked, words }), pick);

  /**
   * @param {Cells} now
   * @param {View} view
   * @param {TileOptions} options
   */
  function draw(now, view, options) {
    cells = now;
    picked = view.picked;
    words = options.words;
    const { width, height } = size.now();
    if (width === 0 || height === 0) return;
    raster = rasterOf(now.keys.length, width, height, view.projector ? 132 : 88, 10);
    palette ??= paletteOf(node);
    const { context, fresh } = fitCanvas(
      canvas,
      raster.columns * raster.cell,
      Math.max(1, raster.rows * raster.cell),
      `600 ${Math.min(30, Math.max(9, Math.round((raster.cell - 4) * 0.38)))}px ${palette.font}`,
    );
    const wanted = `${raster.columns} ${raster.cell}`;
    if (fresh || stale || keys !== now.keys || shape !== wanted) {
      stale = false;
      shape = wanted;
      keys = now.keys;
      drawn = new Int32Array(now.keys.length).fill(-1);
      context.clearRect(0, 0, raster.columns * raster.cell, raster.rows * raster.cell);
    }
    for (let i = 0; i < now.keys.length; i += 1) {
      const key = now.keys[i] ?? "";
      const look = now.look[i] ?? 0;
      let state = look | (((now.heat[i] ?? 0) & 0xe0) << 3);
      if (view.filter && !tileFits(view.filter, key, look, view.names)) state |= FADED;
      if (key === picked) state |= PICKED;
      if (drawn[i] === state) continue;
      drawn[i] = state;
      drawTile(context, palette, raster, i, state, options.label(key));
    }
    setAttribute(canvas, "aria-label", `${now.keys.length} tiles; arrow keys choose one`);
    describe();
  }

  /** Forget what the canvas shows: colours or size have changed, or it was out of sight. */
  function forget() {
    palette = null;
    stale = true;
    size.forget();
  }

  return { node, draw, forget };
}

/**
 * One tile: ground, edge, label, and a mark for each thing it says, in a corner of its own.
 * @param {CanvasRenderingContext2D} context
 * @param {Palette} palette
 * @param {Raster} raster
 * @param {number} place
 * @param {number} state
 * @param {string} label
 */
function drawTile(context, palette, raster, place, state, label) {
  const { cell, columns } = raster;
  const x = (place % columns) * cell;
  const y = Math.floor(place / columns) * cell;
  const gap = cell >= 24 ? 2 : 1;
  const size = cell - 2 * gap;
  const running = (state & LOOK.RUNNING) !== 0;
  const ready = (state & LOOK.READY) !== 0 && !running;
  const heat = ((state >> 8) & 0x07) / 7;
  context.globalAlpha = 1;
  context.clearRect(x, y, cell, cell);
  if (state & FADED) context.globalAlpha = 0.25;
  context.fillStyle = running
    ? palette.run
    : ready
      ? palette.ready
      : colourBetween(palette.quiet, palette.busiest, heat * 0.4);
  context.fillRect(x + gap, y + gap, size, size);
  const ink = running ? palette.onRun : ready ? palette.onReady : palette.ink;
  if (state & LOOK.LISTENER || running) {
    context.lineWidth = 2;
    context.strokeStyle = running ? palette.onRun : palette.ink;
    context.strokeRect(x + gap + 1, y + gap + 1, size - 2, size - 2);
  }
  context.fillStyle = ink;
  const mark = Math.max(4, Math.round(size * 0.22));
  const left = x + gap + Math.max(2, size * 0.08);
  const right = x + gap + size - Math.max(2, size * 0.08);
  const top = y + gap + Math.max(2, size * 0.08);
  const bottom = y + gap + size - Math.max(2, size * 0.08);
  if (running) triangle(context, left, top, mark, false);
  else if (ready) triangle(context, left, top, mark, true);
  if (state & LOOK.WRITE && size >= 16)
    context.fillRect(right - 2, y + gap + size * 0.25, 2, size * 0.5);
  if (state & LOOK.OWED) {
    context.fillStyle = running || ready ? ink : palette.owed;
    const high = Math.max(2, Math.round(size * 0.08));
    const inset = Math.max(1, Math.round(size * 0.08));
    context.fillRect(x + gap + inset, y + gap + size - high - inset, size - 2 * inset, high);
  }
  if (state & (LOOK.WASTED | LOOK.ERROR)) {
    context.strokeStyle = running || ready ? ink : palette.warn;
    context.lineWidth = Math.max(1.5, size * 0.05);
    cross(context, right - mark, state & LOOK.ERROR ? top : bottom - mark, mark);
  }
  if (label && size >= 18) {
    context.fillStyle = ink;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillText(label, x + cell / 2, y + cell / 2 + 1, size - 2);
  }
  if (state & PICKED) {
    context.globalAlpha = 1;
    context.lineWidth = 3;
    context.strokeStyle = palette.focus;
    context.strokeRect(x + 1.5, y + 1.5, cell - 3, cell - 3);
  }
  context.globalAlpha = 1;
}

function triangle(
  /** @type {CanvasRenderingContext2D} */ context,
  /** @type {number} */ x,
  /** @type {number} */ y,
  /** @type {number} */ size,
  /** @type {boolean} */ up,
) {
  context.beginPath();
  if (up) {
    context.moveTo(x, y + size);
    context.lineTo(x + size / 2, y);
    context.lineTo(x + size, y + size);
  } else {
    context.moveTo(x, y);
    context.lineTo(x + size, y + size / 2);
    context.lineTo(x, y + size);
  }
  context.fill();
}

function cross(
  /** @type {CanvasRenderingContext2D} */ context,
  /** @type {number} */ x,
  /** @type {number} */ y,
  /** @type {number} */ size,
) {
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x + size, y + size);
  context.moveTo(x + size, y);
  context.lineTo(x, y + size);
  context.stroke();
}

/** The label of a handle's tile: its descriptor. */
export function handleLabel(/** @type {string} */ key) {
  return fdOf(key);
}

/** What is said of a handle's tile. */
export function handleWords(/** @type {View} */ view) {
  return (/** @type {string} */ key, /** @type {number} */ look) =>
    tileWords(key, look, view.names);
}
