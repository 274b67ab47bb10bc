// A Frame made of a recording: what frames.py puts into a message, from the fold and its windows.
//
// Both are held to the same golden traces. No DOM, no clock.

import { emptyFrame, FRAME_LOG_LENGTH, FULL, LOOK, MOST_THREADS } from "./frame.js";
import { snapshot } from "./state_shape.js";

/**
 * @typedef {import("./state_shape.js").State} State
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./windows.js").Windows} Windows
 */

const LONGEST_TEXT = 500;
const QUIET_ERRORS = new Set(["", "EAGAIN", "EWOULDBLOCK"]);

/**
 * What a cell of the grid shows; the bits are LOOK's.
 * @param {import("./state_shape.js").Record} record
 * @param {boolean} running
 * @param {boolean} wasted
 */
function lookBits(record, running, wasted) {
  return (
    (record.mask & 3) |
    (record.ready ? LOOK.READY : 0) |
    (running ? LOOK.RUNNING : 0) |
    (record.owed > 0 ? LOOK.OWED : 0) |
    (wasted ? LOOK.WASTED : 0) |
    (record.eof || !QUIET_ERRORS.has(record.err) ? LOOK.ERROR : 0) |
    (record.role === "listener" ? LOOK.LISTENER : 0)
  );
}

/** @param {string} text */
function shortened(text) {
  return text.length > LONGEST_TEXT ? [...text].slice(0, LONGEST_TEXT).join("") : text;
}

/**
 * The keys of the handles that are told in full, in the order of fds.
 * @param {Windows} windows
 * @param {string} picked
 */
function chosenKeys(windows, picked) {
  const { handles, running } = windows.state;
  const keys = windows.keys();
  if (keys.length <= FULL) return keys;
  const owing = keys.filter((key) => handles[key].owed > 0);
  owing.sort((a, b) => handles[b].owed - handles[a].owed); // stable: then by fd
  const wanted = [
    ...keys.filter((key) => handles[key].role === "listener"),
    ...[running?.key ?? "", picked].filter((key) => key in handles),
    ...keys.filter((key) => handles[key].ready),
    ...owing,
    ...keys.slice(0, FULL),
  ];
  const chosen = new Set();
  for (const key of wanted) {
    chosen.add(key);
    if (chosen.size === FULL) break;
  }
  return keys.filter((key) => chosen.has(key));
}

/** @param {Windows} windows @param {number} now @returns {import("./frame.js").Cells} */
function cellsOf(windows, now) {
  const keys = windows.keys();
  const { handles, running } = windows.state;
  const look = new Uint8Array(keys.length);
  const heat = new Uint8Array(keys.length);
  keys.forEach((key, i) => {
    const [warm, wasted] = windows.heat(key, now);
    look[i] = lookBits(handles[key], running?.key === key, wasted);
    heat[i] = warm;
  });
  return { keys, look, heat };
}

/** @param {State} state */
function threadsOf(state) {
  const all = Object.values(state.threads);
  /** @type {Map<string, number>} a call may be named like a part of every object */
  const inside = new Map();
  for (const { call } of all) inside.set(call, (inside.get(call) ?? 0) + 1);
  const running_threads = inside.get("") ?? 0;
  inside.delete("");
  const first = all.sort((a, b) => a.th - b.th).slice(0, MOST_THREADS);
  return {
    threads: first.map((thread) => /** @type {any} */ ({ id: thread.th, ...thread })),
    thread_count: all.length,
    blocked_in: Object.fromEntries(inside),
    running_threads,
  };
}

/**
 * The Frame of a moment.
 * @param {Windows} windows
 * @param {{now?: number, picked?: string, place?: Partial<import("./frame.js").Place>,
 *   notes?: string[], name?: string, title?: string, colour?: string, marker?: string}} [more]
 * @returns {Frame}
 */
export function frameOf(windows, more = {}) {
  const { state } = windows;
  const { picked = "", place = {}, notes = [] } = more;
  const now = Math.max(more.now ?? state.t, state.t);
  const { rates, idle_share, probe } = windows.summary(now);
  const { handles: records, threads: _all, ready: _masks, ...plain } = snapshot(state);
  const keys = windows.keys();
  const handles = chosenKeys(windows, picked).map((key) => withKey(key, records[key]));
  const empty = emptyFrame();
  return Object.assign(empty, /** @type {any} */ (plain), {
    t: now,
    handles,
    ready: Object.fromEntries(
      handles.filter((one) => one.ready).map((one) => [one.key, one.ready]),
    ),
    ready_count: Object.keys(state.ready).length,
    count: keys.length,
    cells: keys.length > FULL ? cellsOf(windows, now) : null,
    ...threadsOf(state),
    timeline: plain.timeline.map(shortLine),
    turns: windows.turns.slice(),
    slices: windows.slices.slice(),
    log: plain.log.slice(-FRAME_LOG_LENGTH).map(shortLine),
    picked: picked in records ? withKey(picked, records[picked]) : null,
    rates,
    idle_share,
    place: { ...empty.place, live: false, at: windows.count, t: now, ...place },
    costs: { ...empty.costs, probe, dropped: state.totals.dropped },
    notes: [...notes, ...notesOf(state)],
    name: more.name ?? state.meta.server ?? "",
    style: state.meta.style ?? "",
    title: more.title ?? more.name ?? state.meta.server ?? "",
    colour: more.colour ?? empty.colour,
    marker: more.marker ?? empty.marker,
  });
}

/** @param {string} key @param {import("./state_shape.js").Record} record */
function withKey(key, record) {
  return /** @type {import("./frame.js").HandleRecord} */ ({ key, ...record });
}

/** @template {{text: string}} T @param {T} line @returns {T} */
function shortLine(line) {
  return line.text.length > LONGEST_TEXT ? { ...line, text: shortened(line.text) } : line;
}

/**
 * What must be said about what is shown; the twin of notes_of in frames.py.
 * @param {State} state
 */
function notesOf(state) {
  const notes = [];
  const { dropped } = state.totals;
  if (!state.every) notes.push("So much happens that sums are shown, not each event.");
  if (dropped)
    notes.push(`${dropped} events were lost, because they came faster than they were read.`);
  return notes;
}
