// Up to ten thousand handles, one pixel each, enlarged without blurring.

import { make, makeSize, setAttribute } from "./dom.js";
import { LOOK } from "./frame.js";
import { tileInput, tileLegend } from "./grid.js";
import { rasterOf, stretched } from "./layout.js";
import { paletteOf, pixelBetween } from "./palette.js";
import { tileFits } from "./tiles.js";

/**
 * @typedef {import("./frame.js").Cells} Cells
 * @typedef {import("./layout.js").Raster} Raster
 * @typedef {import("./panel.js").View} View
 */

const STEPS = 256;

/**
 * @param {(key: string) => void} pick
 */
export function makeHeat(pick) {
  const canvas = make("canvas", "rk-canvas rk-pixels");
  canvas.setAttribute("role", "application");
  const ring = make("span", "rk-ring");
  const runner = make("span", "rk-ring rk-runner");
  const line = make("p", "rk-pointed");
  const area = make("div", "rk-area", canvas, runner, ring);
  const size = makeSize(area);
  const node = make("div", "rk-tiles", area, make("div", "rk-under", line, tileLegend()));
  /** @type {Raster|null} */
  let raster = null;
  /** @type {Cells|null} */
  let cells = null;
  let picked = "";
  /** @type {(key: string, look: number) => string} */
  let words = (key) => key;
  /** @type {{heat: Uint32Array, ready: number, run: number, warn: number, owed: number,
   *   ink: number}|null} */
  let pixels = null;
  /** @type {ImageData|null} */
  let image = null;
  /** @type {{keys: string[], filter: string, faded: Uint8Array}|null} */
  let filtered = null;
  const describe = tileInput(canvas, line, () => ({ raster, cells, picked, words }), pick);

  function colours() {
    const palette = paletteOf(node);
    const heat = new Uint32Array(STEPS);
    for (let i = 0; i < STEPS; i += 1) {
      heat[i] = pixelBetween(palette.quiet, palette.busiest, (i / (STEPS - 1)) * 0.75);
    }
    const solid = (/** @type {string} */ colour) => pixelBetween(colour, colour, 0);
    return {
      heat,
      ready: solid(palette.ready),
      run: solid(palette.run),
      warn: solid(palette.warn),
      owed: solid(palette.owed),
      ink: solid(palette.ink),
    };
  }

  /** Which handles the filter leaves out; asked anew only when one of the two has changed. */
  function fadedBy(/** @type {View} */ view, /** @type {Cells} */ now) {
    if (!view.filter) return null;
    const { filter } = view;
    const states = /ready|read|write|owed|wasted|error|eof|runs/.test(filter.toLowerCase());
    if (filtered?.keys !== now.keys || filtered.filter !== filter || states) {
      const faded = new Uint8Array(now.keys.length);
      now.keys.forEach((key, i) => {
        faded[i] = tileFits(filter, key, now.look[i] ?? 0, view.names) ? 0 : 1;
      });
      filtered = { keys: now.keys, filter, faded };
    }
    return filtered.faded;
  }

  /**
   * @param {Cells} now
   * @param {View} view
   * @param {import("./grid.js").TileOptions} options
   */
  function draw(now, view, options) {
    cells = now;
    picked = view.picked;
    words = options.words;
    const { width, height } = size.now();
    if (width === 0 || height === 0) return;
    raster = stretched(rasterOf(now.keys.length, width, height, 16, 1), height);
    const { columns, rows, cell, high } = raster;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    if (image === null || image.width !== columns || image.height !== rows) {
      canvas.width = columns;
      canvas.height = rows;
      image = context.createImageData(columns, rows);
    }
    canvas.style.width = `${columns * cell}px`;
    canvas.style.height = `${rows * high}px`;
    pixels ??= colours();
    const data = new Uint32Array(image.data.buffer);
    const running = paintPixels(data, now, pixels, fadedBy(view, now));
    context.putImageData(image, 0, 0);
    mark(ring, picked === "" ? -1 : now.keys.indexOf(picked));
    mark(runner, running);
    setAttribute(canvas, "aria-label", `${now.keys.length} handles; arrow keys choose one`);
    describe();
  }

  function mark(/** @type {HTMLElement} */ node, /** @type {number} */ place) {
    if (place < 0 || raster === null) {
      node.hidden = true;
      return;
    }
    const { cell, high, columns } = raster;
    const x = (place % columns) * cell;
    const y = Math.floor(place / columns) * high;
    node.hidden = false;
    node.style.width = `${cell}px`;
    node.style.height = `${high}px`;
    node.style.transform = `translate(${x}px, ${y}px)`;
  }

  return {
    node,
    draw,
    forget() {
      pixels = null;
      size.forget();
    },
  };
}

/**
 * Fill in the pixels of all handles; returns the place of the one that runs, or -1.
 * @param {Uint32Array} data
 * @param {Cells} cells
 * @param {{heat: Uint32Array, ready: number, run: number, warn: number, owed: number,
 *   ink: number}} pixels
 * @param {Uint8Array|null} faded
 */
export function paintPixels(data, cells, pixels, faded) {
  const { look, heat } = cells;
  const count = cells.keys.length;
  let running = -1;
  for (let i = 0; i < count; i += 1) {
    const bits = look[i] ?? 0;
    let pixel = pixels.heat[heat[i] ?? 0] ?? 0;
    if (bits & LOOK.RUNNING) {
      pixel = pixels.run;
      running = i;
    } else if (bits & LOOK.READY) pixel = pixels.ready;
    else if (bits & LOOK.ERROR) pixel = pixels.ink;
    else if (bits & LOOK.OWED) pixel = pixels.owed;
    else if (bits & LOOK.WASTED) pixel = pixels.warn;
    if (faded?.[i]) pixel = (pixel & 0x00ffffff) | (0x30 << 24);
    data[i] = pixel >>> 0;
  }
  data.fill(0, count);
  return running;
}
