// Which picture fits how many handles, and where things lie in it. No DOM.

/** @typedef {import("./frame.js").Frame} Frame */

export const TABLE_ROWS = 32;
export const TABLE_ROWS_PROJECTED = 8;
export const TABLE_ROWS_SHARED = 3; // several servers on the wall
export const MOST_TILES = 1024;

/** The styles whose servers wait in one place for all handles. */
const LOOPS = new Set(["select", "poll", "epoll", "kqueue", "selectors", "asyncio", "reactor"]);
const LANES = new Set(["threads", "blocking"]);

/**
 * What kind of server this is: a loop that waits, a loop that asks, or threads that block.
 * What it does counts more than what it calls itself.
 * @param {Frame} frame
 * @returns {"loop"|"busy"|"threads"}
 */
export function kindOf(frame) {
  const { phase, spent, style } = frame;
  if (phase === "asking") return "busy";
  if (phase === "waiting" || phase === "between" || phase === "handling") return "loop";
  if (phase === "calling") return "threads";
  if (spent.asking > 0) return "busy";
  if (spent.waiting > 0) return "loop";
  if (style === "busywait") return "busy";
  if (LANES.has(style)) return "threads";
  if (LOOPS.has(style)) return "loop";
  return frame.threads.some((thread) => thread.call) ? "threads" : "loop";
}

/**
 * Table, grid or heat map. The way back to the larger picture is longer than the way out of it,
 * so that a crowd that comes and goes does not make the board jump.
 * @param {number} count
 * @param {string} before   what it is now, or ""
 * @param {number} [rows]   the longest table there may be
 * @returns {"table"|"grid"|"heat"}
 */
export function levelOf(count, before, rows = TABLE_ROWS) {
  const tableEnds = before === "grid" ? Math.max(1, rows - 2) : rows;
  if (count <= tableEnds) return "table";
  const gridEnds = before === "heat" ? MOST_TILES - 64 : MOST_TILES;
  return count <= gridEnds ? "grid" : "heat";
}

/** How many rows a table, or a list of threads, may have. */
export function mostRows(/** @type {boolean} */ projector, /** @type {boolean} */ compact) {
  if (!projector) return TABLE_ROWS;
  return compact ? TABLE_ROWS_SHARED : TABLE_ROWS_PROJECTED;
}

/**
 * How many panels stand side by side.
 * @param {number} servers
 * @param {number} width   of the board, in CSS pixels
 */
export function panelColumns(servers, width) {
  if (servers <= 1 || width < 640) return 1;
  return (servers === 3 || servers > 4) && width >= 1080 ? 3 : 2;
}

/**
 * @typedef {object} Raster
 * @property {number} columns
 * @property {number} rows
 * @property {number} cell     width of a cell in CSS pixels
 * @property {number} high     and its height
 * @property {number} count
 */

/**
 * The largest square cells with which `count` of them fill a width and a height.
 * @param {number} count
 * @param {number} width
 * @param {number} height
 * @param {number} [largest]
 * @param {number} [smallest]
 * @returns {Raster}
 */
export function rasterOf(count, width, height, largest = 96, smallest = 1) {
  const n = Math.max(1, count);
  let cell = Math.min(largest, Math.floor(Math.sqrt((width * height) / n)) + 1);
  while (cell > smallest) {
    const columns = Math.floor(width / cell);
    if (columns > 0 && Math.ceil(n / columns) * cell <= height) break;
    cell -= 1;
  }
  cell = Math.max(smallest, cell);
  const columns = Math.max(1, Math.min(n, Math.floor(width / cell)));
  return { columns, rows: Math.ceil(n / columns), cell, high: cell, count };
}

/** The same raster with its cells made higher, so that it uses the height there is. */
export function stretched(/** @type {Raster} */ raster, /** @type {number} */ height) {
  const high = Math.min(2 * raster.cell, Math.floor(height / raster.rows));
  return { ...raster, high: Math.max(raster.cell, high) };
}

/** The cell at a point, or -1. */
export function cellAt(
  /** @type {Raster} */ raster,
  /** @type {number} */ x,
  /** @type {number} */ y,
) {
  const column = Math.floor(x / raster.cell);
  const row = Math.floor(y / raster.high);
  if (column < 0 || row < 0 || column >= raster.columns) return -1;
  const place = row * raster.columns + column;
  return place < raster.count ? place : -1;
}

/** Where a key moves the choice among cells; -1 stands for "none yet". */
export function moveChoice(
  /** @type {Raster} */ raster,
  /** @type {number} */ place,
  /** @type {string} */ key,
) {
  const last = raster.count - 1;
  if (last < 0) return -1;
  if (key === "Home") return 0;
  if (key === "End") return last;
  if (place < 0) return 0;
  const by =
    { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -raster.columns, ArrowDown: raster.columns }[key] ?? 0;
  const wanted = place + by;
  return wanted < 0 || wanted > last ? place : wanted;
}

/**
 * Which rows of a long list are to be seen.
 * @param {number} count
 * @param {number} rowHeight
 * @param {number} top       how far it is scrolled
 * @param {number} height    of the window onto it
 * @returns {{first: number, last: number}} first row, and the one after the last
 */
export function rowsInView(count, rowHeight, top, height) {
  const first = Math.max(0, Math.min(count, Math.floor(top / rowHeight)));
  const last = Math.min(count, Math.ceil((top + height) / rowHeight));
  return { first, last: Math.max(first, last) };
}

/**
 * How the time of a loop divides, over the turns that are told and the one that runs, else since
 * the beginning. Shares add up to 1, or are all null when no time has passed.
 * @param {Frame} frame
 * @returns {{waiting: number|null, between: number|null, handling: number|null,
 *   asking: number|null}}
 */
export function sharesOf(frame) {
  const sum = { waiting: 0, between: 0, handling: 0, asking: 0 };
  const add = (/** @type {typeof sum} */ part) => {
    sum.waiting += part.waiting;
    sum.between += part.between;
    sum.handling += part.handling;
    sum.asking += part.asking;
  };
  frame.turns.forEach(add);
  add(frame.turns.length > 0 ? frame.now : frame.spent);
  const { phase } = frame;
  if (frame.held === null && phase in sum) {
    sum[/** @type {keyof typeof sum} */ (phase)] += Math.max(0, frame.t - frame.since);
  }
  // The last second's share of waiting is newer than the turns: the rest divides what is left.
  const idle = frame.paused === null && frame.place.live ? frame.idle_share : null;
  const busy = sum.between + sum.handling + sum.asking;
  if (idle !== null && busy > 0) sum.waiting = idle < 1 ? (busy * idle) / (1 - idle) : busy * 1e9;
  const whole = sum.waiting + busy;
  if (whole <= 0) return { waiting: null, between: null, handling: null, asking: null };
  return {
    waiting: sum.waiting / whole,
    between: sum.between / whole,
    handling: sum.handling / whole,
    asking: sum.asking / whole,
  };
}
