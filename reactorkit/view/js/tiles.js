// Many handles, or many threads, as tiles: what each of them shows. No DOM.

import { LOOK } from "./frame.js";
import { fdOf } from "./naming.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./frame.js").Cells} Cells
 * @typedef {import("./naming.js").Names} Names
 */

/** All handles as tiles, however many there are. */
export function tilesOf(/** @type {Frame} */ frame) {
  if (frame.cells !== null) return frame.cells;
  const count = frame.handles.length;
  const look = new Uint8Array(count);
  const heat = new Uint8Array(count);
  const keys = frame.handles.map((one, i) => {
    let bits = one.mask & 3;
    if (one.ready) bits |= LOOK.READY;
    if (frame.running?.key === one.key) bits |= LOOK.RUNNING;
    if (one.owed) bits |= LOOK.OWED;
    if (one.eof || (one.err && one.err !== "EAGAIN" && one.err !== "EWOULDBLOCK")) {
      bits |= LOOK.ERROR;
    }
    if (one.err === "EAGAIN" && frame.phase === "asking") bits |= LOOK.WASTED;
    if (one.role === "listener") bits |= LOOK.LISTENER;
    look[i] = bits;
    heat[i] = frame.t - one.at < 1e9 && one.calls > 0 ? 160 : 0;
    return one.key;
  });
  return { keys, look, heat };
}

/** Threads as tiles: one that runs is bright, one that is held is next. */
export function threadTiles(/** @type {Frame} */ frame) {
  const count = frame.threads.length;
  const look = new Uint8Array(count);
  const heat = new Uint8Array(count);
  const keys = frame.threads.map((thread, i) => {
    look[i] = thread.call === "" ? LOOK.RUNNING : thread.id === 0 ? LOOK.LISTENER : 0;
    return String(thread.id);
  });
  return { keys, look, heat };
}

/** What a tile says when it is pointed at. */
export function tileWords(
  /** @type {string} */ key,
  /** @type {number} */ look,
  /** @type {Names} */ names,
) {
  const words = [];
  if (look & LOOK.RUNNING) words.push("its handler runs");
  if (look & LOOK.READY) words.push("ready");
  else if ((look & 3) === 3) words.push("waits to read and to write");
  else if (look & LOOK.READ) words.push("waits to read");
  else if (look & LOOK.WRITE) words.push("waits to write");
  if (look & LOOK.OWED) words.push("bytes are owed");
  if (look & LOOK.WASTED) words.push("asked in vain");
  if (look & LOOK.ERROR) words.push("error, or sends no more");
  return `${names.full(key)}: ${words.join(", ") || "nothing goes on"}`;
}

/** Whether a tile fits what somebody typed into the filter. */
export function tileFits(
  /** @type {string} */ text,
  /** @type {string} */ key,
  /** @type {number} */ look,
  /** @type {Names} */ names,
) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return true;
  const who = names.who(key);
  if (/^\d+$/.test(wanted)) return fdOf(key) === wanted || who === `client ${wanted}`;
  const words = [who, `fd ${fdOf(key)}`, key];
  if (look & LOOK.READ) words.push("read");
  if (look & LOOK.WRITE) words.push("write");
  if (look & LOOK.READY) words.push("ready");
  if (look & LOOK.RUNNING) words.push("runs");
  if (look & LOOK.OWED) words.push("owed");
  if (look & LOOK.WASTED) words.push("wasted");
  if (look & LOOK.ERROR) words.push("error eof");
  return words.some((word) => word.includes(wanted));
}
