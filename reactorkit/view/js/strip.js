// Two bands over the same width: how each turn divided its time, and when which handler ran.

import { make, makeSize, setAttribute, setShown, setText } from "./dom.js";
import { fitCanvas, paletteOf } from "./palette.js";
import { countOf, shortName, timeText } from "./words.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./frame.js").Turn} Turn
 * @typedef {import("./frame.js").Slice} Slice
 * @typedef {import("./palette.js").Palette} Palette
 * @typedef {import("./panel.js").View} View
 */

const TURNS_SHOWN = 120;
const LANES_SHOWN = 12;

/** The turn at a place across the band, or null; the newest stands at the right. */
export function turnAt(
  /** @type {Turn[]} */ turns,
  /** @type {number} */ x,
  /** @type {number} */ width,
) {
  const fromRight = Math.floor(((width - x) / Math.max(1, width)) * TURNS_SHOWN);
  return turns[turns.length - 1 - fromRight] ?? null;
}

/** One turn in words. */
export function turnWords(/** @type {Turn} */ turn) {
  const parts = [];
  if (turn.waiting) parts.push(`waited ${timeText(turn.waiting)}`);
  parts.push(`${countOf(turn.found, "handle")} ready`);
  if (turn.handling) parts.push(`handlers ${timeText(turn.handling)}`);
  if (turn.asking) parts.push(`asked for ${timeText(turn.asking)}`);
  if (turn.between) parts.push(`between them ${timeText(turn.between)}`);
  return `Turn ${turn.turn}: ${parts.join(", ")}`;
}

/**
 * The slices of a Frame, and those that have begun and not ended.
 * @param {Frame} frame
 * @param {boolean} threads
 * @returns {Slice[]}
 */
export function slicesNow(frame, threads) {
  const { running, t } = frame;
  if (!threads) {
    if (running === null || frame.phase !== "handling") return frame.slices;
    return [...frame.slices, { t0: frame.since, t1: t, key: running.key, cb: running.cb, th: 0 }];
  }
  const open = frame.threads
    .filter((one) => one.call !== "" && one.since <= t)
    .map((one) => ({ t0: one.since, t1: t, key: one.key, cb: one.call, th: one.id }));
  return [...frame.slices, ...open];
}

/**
 * The time lanes: which slices, in which lane. A loop has one lane; threads have one each, those
 * that did something last come first.
 * @param {Slice[]} slices
 * @param {boolean} threads
 * @param {number} [most]
 */
export function lanesOf(slices, threads, most = LANES_SHOWN) {
  const oldest = slices[0];
  if (!oldest) return { lanes: [], t0: 0, t1: 0 };
  // They are told when they end: of the time before the first one's beginning, little is known.
  const { t0 } = oldest;
  // A loop's come one after the other, so the last one ends last.
  if (!threads) return { lanes: [{ id: 0, slices }], t0, t1: slices.at(-1)?.t1 ?? t0 };
  let t1 = t0;
  /** @type {Map<number, Slice[]>} */
  const byThread = new Map();
  for (const slice of slices) {
    t1 = Math.max(t1, slice.t1);
    const known = byThread.get(slice.th);
    if (known) known.push(slice);
    else byThread.set(slice.th, [slice]);
  }
  const chosen = [...byThread].slice(-most).sort((a, b) => a[0] - b[0]);
  return { lanes: chosen.map(([id, list]) => ({ id, slices: list })), t0, t1 };
}

/** The two bands of one server. */
export function makeStrip() {
  const turns = make("canvas", "rk-canvas");
  const slices = make("canvas", "rk-canvas");
  const turnsName = make("span", "rk-band-name", "turns");
  const slicesName = make("span", "rk-band-name", "runs");
  const span = make("span", "rk-band-span");
  const turnsBox = make("div", "rk-band-box", turns);
  const slicesBox = make("div", "rk-band-box", slices);
  const turnsSize = makeSize(turnsBox);
  const slicesSize = makeSize(slicesBox);
  const turnsBand = make("div", "rk-band", turnsName, turnsBox);
  const slicesBand = make("div", "rk-band", slicesName, slicesBox);
  const waits = make("span", "");
  const runs = make("span", "");
  const between = make("span", "", make("i", "rk-l-own"), "between them");
  const legend = make("div", "rk-legend");
  legend.append(make("i", "rk-l-wait"), waits, make("i", "rk-l-run"), runs, between, span);
  const node = make("div", "rk-strip", turnsBand, slicesBand, legend);
  /** @type {Palette|null} */
  let palette = null;
  /** @type {Turn[]} */
  let shown = [];

  turns.addEventListener("pointermove", (event) => {
    const turn = turnAt(shown, event.offsetX, turns.clientWidth);
    setAttribute(turns, "title", turn ? turnWords(turn) : null);
  });

  function drawTurns(/** @type {Frame} */ frame, /** @type {Palette} */ colours) {
    const { width, height } = turnsSize.now();
    if (width === 0 || height === 0) return;
    const { context } = fitCanvas(turns, width, height);
    context.clearRect(0, 0, width, height);
    shown = frame.turns.slice(-TURNS_SHOWN);
    const wide = width / TURNS_SHOWN;
    const thick = Math.max(1, wide - (wide > 4 ? 1 : 0));
    // One colour after the other: a canvas is slow to change its colour.
    const bottoms = new Float64Array(shown.length).fill(height);
    const stack = (/** @type {"handling"|"asking"|"between"|"waiting"} */ part, colour = "") => {
      context.fillStyle = colour;
      for (let i = 0; i < shown.length; i += 1) {
        const turn = shown[i];
        if (!turn || turn[part] <= 0) continue;
        const whole = turn.waiting + turn.between + turn.handling + turn.asking;
        const high = (turn[part] / whole) * height;
        const bottom = bottoms[i] ?? height;
        context.fillRect(width - (shown.length - i) * wide, bottom - high, thick, high);
        bottoms[i] = bottom - high;
      }
    };
    stack("handling", colours.run);
    stack("asking", colours.warn);
    stack("between", colours.edge);
    stack("waiting", colours.quiet);
  }

  function drawSlices(
    /** @type {Frame} */ frame,
    /** @type {View} */ view,
    /** @type {Palette} */ colours,
  ) {
    const { width, height } = slicesSize.now();
    if (width === 0 || height === 0) return;
    const { context } = fitCanvas(slices, width, height, `12px ${colours.font}`);
    context.clearRect(0, 0, width, height);
    const threads = view.kind === "threads";
    const { lanes, t0, t1 } = lanesOf(slicesNow(frame, threads), threads);
    const end = Math.max(t1, Math.min(frame.t, t1 + (t1 - t0)));
    const scale = width / Math.max(1, end - t0);
    const count = Math.max(1, lanes.length);
    setText(span, lanes.length > 0 ? `the last ${timeText(end - t0)}` : "");
    lanes.forEach((lane, row) => {
      // On whole pixels: half ones would let the ground shine through.
      const y = Math.round((row * height) / count);
      const high = Math.max(1, Math.round(((row + 1) * height) / count) - y - (count > 1 ? 1 : 0));
      if (threads) {
        context.fillStyle = colours.run;
        const first = Math.max(t0, lane.slices[0]?.t0 ?? t0);
        context.fillRect((first - t0) * scale, y, width - (first - t0) * scale, high);
      } else {
        context.fillStyle = colours.quiet;
        context.fillRect(0, y, width, high);
      }
      for (const slice of lane.slices) {
        const from = Math.max(t0, slice.t0);
        const x = (from - t0) * scale;
        const wide = Math.max(1, (slice.t1 - from) * scale);
        const picked = slice.key !== "" && slice.key === view.picked;
        context.fillStyle = picked ? colours.focus : threads ? colours.quiet : colours.run;
        context.fillRect(x, y, wide, high);
        if (wide > 60 && high > 14) {
          context.fillStyle = picked ? colours.onReady : threads ? colours.ink : colours.onRun;
          context.textBaseline = "middle";
          const words = [shortName(slice.cb), slice.key && view.names.who(slice.key)];
          context.save();
          context.beginPath();
          context.rect(x, y, wide - 3, high);
          context.clip();
          context.fillText(words.filter(Boolean).join(" · "), x + 4, y + high / 2);
          context.restore();
        }
      }
    });
  }

  function draw(/** @type {Frame} */ frame, /** @type {View} */ view) {
    palette ??= paletteOf(node);
    const loops = view.kind !== "threads";
    setShown(turnsBand, loops);
    setText(slicesName, loops ? "runs" : "threads");
    setText(waits, loops ? "waiting" : "blocked in a call");
    setText(runs, loops ? "handlers" : "running");
    setShown(between, loops);
    setAttribute(node, "data-kind", view.kind);
    if (loops) drawTurns(frame, palette);
    drawSlices(frame, view, palette);
  }

  return {
    node,
    draw,
    forget() {
      palette = null;
      turnsSize.forget();
      slicesSize.forget();
    },
  };
}
