// The shape of the state of a traced server: plain JSON, from the first moment to a keyframe.
//
// The twin of reactorkit/trace/shape.py, which says what each part means.

/**
 * @typedef {Object.<string, any>} Event_  One event of a trace: `e` its kind, `t` nanoseconds.
 * @typedef {Object.<string, any>} State   Plain JSON; see `initial`.
 * @typedef {Object.<string, any>} Record  A handle or a thread in the state.
 */

export const TIMELINE_LENGTH = 240;
export const LOG_LENGTH = 200;
export const PHASES = ["waiting", "between", "handling", "asking"];

/**
 * The state before the first event.
 * @param {Event_} [header]
 * @returns {State}
 */
export function initial(header = {}) {
  return {
    meta: { ...header },
    t: 0,
    phase: "starting",
    since: 0,
    turn: 0,
    watched: 0,
    timeout: null,
    now: emptyTurn(),
    last: emptyTurn(),
    ready: {},
    running: null,
    slowest: null,
    mode: "run",
    until: null,
    asked: 0,
    paused: null,
    held: null,
    every: true,
    handles: {},
    threads: {},
    totals: {
      found: 0,
      calls: 0,
      wasted: 0,
      received: 0,
      sent: 0,
      accepted: 0,
      closed: 0,
      errors: 0,
      dropped: 0,
      paused: 0,
      cost: 0,
    },
    spent: { waiting: 0, between: 0, handling: 0, asking: 0 },
    timeline: [],
    log: [],
    ended: null,
  };
}

/**
 * A copy that later events do not touch.
 * @param {State} state
 * @returns {State}
 */
export function snapshot(state) {
  const copy = { ...state };
  for (const name of ["now", "last", "ready", "totals", "spent"]) copy[name] = { ...state[name] };
  for (const name of ["handles", "threads"]) {
    /** @type {Object.<string, Record>} */
    const records = {};
    for (const key of Object.keys(state[name])) records[key] = { ...state[name][key] };
    copy[name] = records;
  }
  copy.timeline = state.timeline.slice();
  copy.log = state.log.slice();
  return copy;
}

/**
 * The event that says all of the state at once.
 * @param {State} state
 * @param {boolean} [auto] it is there for seeking only
 * @returns {Event_}
 */
export function keyframe(state, auto = false) {
  const { meta: _said, ...copy } = snapshot(state);
  return { e: "key", t: state.t, ...(auto ? { auto: true } : {}), state: copy };
}

/**
 * The name of an event's handle, fd#gen, or an empty one.
 * @param {Event_} event
 */
export function keyOf(event) {
  return "fd" in event ? `${event.fd}#${event.gen}` : "";
}

/** The account of a turn that begins. */
export function emptyTurn() {
  return { found: 0, waiting: 0, between: 0, handling: 0, asking: 0 };
}

/**
 * The record of a handle that nothing is known of yet.
 * @param {number} fd
 * @param {number} gen
 * @param {number} t
 * @returns {Record}
 */
export function newHandle(fd, gen, t) {
  return {
    fd,
    gen,
    role: "other",
    peer: "",
    mask: 0,
    ready: 0,
    cb: "",
    owed: 0,
    received: 0,
    sent: 0,
    calls: 0,
    wasted: 0,
    runs: 0,
    handled: 0,
    eof: false,
    err: "",
    last: "",
    at: t,
    unread: 0,
    unsent: 0,
  };
}

/**
 * The record of a thread that nothing is known of yet.
 * @param {number} th
 * @param {number} t
 * @returns {Record}
 */
export function newThread(th, t) {
  return {
    th,
    name: th === 0 ? "main" : "",
    call: "",
    key: "",
    since: t,
    blocked: 0,
    held: "",
  };
}
