// The Frame: everything the board draws of one server at one moment. Plain data, no DOM.
//
// The same object comes from a running server (frames.js decodes it) and from a recording (look.js
// makes it of the fold's state). Drawings know only Frames. Times are nanoseconds of the server's
// clock, amounts are bytes. What is not known is null, empty or 0, never missing.

import { emptyTurn } from "./state_shape.js";

/** How many handles and threads a Frame tells in full. */
export const FULL = 64;
export const MOST_THREADS = 256;
/** How many entries of each kind it keeps. */
export const TURNS_LENGTH = 120;
export const SLICES_LENGTH = 400;
export const FRAME_LOG_LENGTH = 50;
/** The bits of a cell's look. */
export const LOOK = {
  READ: 1,
  WRITE: 2,
  READY: 4,
  RUNNING: 8,
  OWED: 16,
  WASTED: 32,
  ERROR: 64,
  LISTENER: 128,
};

/**
 * @typedef {object} HandleRecord
 * @property {string} key        fd#gen
 * @property {number} fd
 * @property {number} gen        how often this number had been given out before
 * @property {string} role       listener, client, wakeup or other
 * @property {string} peer       the other side's address
 * @property {number} mask       what the server waits for: 1 read, 2 write
 * @property {number} ready      what was reported and not yet handled: 1 read, 2 write
 * @property {string} cb         the name of its handler
 * @property {number} owed       bytes that wait in the program
 * @property {number} received
 * @property {number} sent
 * @property {number} calls
 * @property {number} wasted     calls that found nothing
 * @property {number} runs       how often its handler has run
 * @property {number} handled    nanoseconds its handler has run
 * @property {boolean} eof       the peer has shut down
 * @property {string} err        the last call's error, or ""
 * @property {string} last       the last call
 * @property {number} at         when that was
 * @property {number} unread     bytes in the kernel's receive queue; a listener: connections
 * @property {number} unsent     bytes in the kernel's send queue
 *
 * @typedef {object} ThreadRecord
 * @property {number} id
 * @property {number} th         the same as id
 * @property {string} name
 * @property {string} call       the call it is inside, or "": it runs
 * @property {string} key        the handle of that call, or of the last one
 * @property {number} since      when it entered the call, or left the last one
 * @property {number} blocked    nanoseconds inside calls
 * @property {string} held       where a paused thread stands, or ""
 *
 * @typedef {object} TurnParts   The account of a turn, nanoseconds each but `found`.
 * @property {number} found      ready handles reported
 * @property {number} waiting
 * @property {number} between
 * @property {number} handling
 * @property {number} asking
 *
 * @typedef {TurnParts & {turn: number, t0: number}} Turn
 *
 * @typedef {object} Slice       One run of a handler, or one call of a thread.
 * @property {number} t0
 * @property {number} t1
 * @property {string} key
 * @property {string} cb         the handler's name, or the call's
 * @property {number} th
 *
 * @typedef {object} Cells       All handles where there are more than FULL, in the order of fds.
 * @property {string[]} keys     the same array from frame to frame while it does not change
 * @property {Uint8Array} look   bits, see LOOK
 * @property {Uint8Array} heat   0..255: activity in the last second, logarithmic
 *
 * @typedef {object} Place       Which moment this is.
 * @property {boolean} live      false: we look at the past
 * @property {number} at         position: how many events have been folded
 * @property {number} length     how many there are
 * @property {number} t          the moment, nanoseconds
 * @property {number} t0         of the first event
 * @property {number} t1         of the last one
 * @property {number} zero       to be added to times: gives the first server's clock, the one of the board
 * @property {boolean} playing
 * @property {number} speed      1: as fast as it was
 * @property {string} stuck      why nothing moves, a sentence, or ""
 * @property {boolean} over      nothing will move here any more: the board is at rest, or its kernel gone
 *
 * @typedef {object} Frame
 * @property {Object.<string, any>} meta   the recording's header
 * @property {number} t
 * @property {string} phase      starting, waiting, between, handling, asking, calling or ended
 * @property {number} since      when that phase began
 * @property {number} turn
 * @property {number} watched    how many handles the last wait was for
 * @property {number|null} timeout   seconds of that wait; null: for ever
 * @property {TurnParts} now     the running turn
 * @property {TurnParts} last    the one before
 * @property {Object.<string, number>} ready   masks of those of `handles` that are still ready
 * @property {number} ready_count   how many are ready in all
 * @property {{key: string, cb: string, mask: number}|null} running
 * @property {{key: string, cb: string, ns: number}|null} slowest   the longest run of a handler
 * @property {string} mode       run, pause, step or until
 * @property {Object.<string, any>|null} until   the condition
 * @property {number} asked      number of the last command that was answered
 * @property {number|null} paused   since when
 * @property {{at: string, t: number, key: string, cb: string, why: string}|null} held
 * @property {boolean} every     true: every event is told; false: only sums are
 * @property {HandleRecord[]} handles   at most FULL, in the order of fds
 * @property {number} count      how many handles there are
 * @property {Cells|null} cells
 * @property {ThreadRecord[]} threads   at most MOST_THREADS, by id
 * @property {number} thread_count
 * @property {Object.<string, number>} blocked_in   {call: how many threads are inside it}
 * @property {number} running_threads   how many are inside no call
 * @property {Object.<string, number>} totals   found, calls, wasted, received, sent, accepted,
 *   closed, errors, dropped, paused (ns), cost (ns)
 * @property {{waiting: number, between: number, handling: number, asking: number}} spent
 * @property {{t: number, op: string, key: string, n: number, text: string}[]} timeline
 * @property {Turn[]} turns      the last finished ones, oldest first
 * @property {Slice[]} slices    the last finished ones, oldest first
 * @property {{t: number, text: string, stream: string}[]} log
 * @property {{t: number, code: number|null}|null} ended
 * @property {HandleRecord|null} picked
 * @property {{turns: number, found: number, calls: number, wasted: number, received: number,
 *   sent: number, accepted: number}} rates   a second, over the last second
 * @property {number|null} idle_share   part of that second spent waiting, 0..1
 * @property {Place} place
 * @property {{probe: number|null, dropped: number, latency_ms: number|null, fps: number|null}} costs
 * @property {string} name       of the server: echo_select
 * @property {string} style      threads, select, ...
 * @property {string} title      how to call it on the board: select
 * @property {string} colour     #rrggbb
 * @property {string} marker     o s D ^ P v X *, as matplotlib names them
 * @property {string[]} notes    sentences the board must say
 */

/**
 * A Frame of which nothing is known yet.
 * @returns {Frame}
 */
export function emptyFrame() {
  return {
    meta: {},
    t: 0,
    phase: "starting",
    since: 0,
    turn: 0,
    watched: 0,
    timeout: null,
    now: emptyTurn(),
    last: emptyTurn(),
    ready: {},
    ready_count: 0,
    running: null,
    slowest: null,
    mode: "run",
    until: null,
    asked: 0,
    paused: null,
    held: null,
    every: true,
    handles: [],
    count: 0,
    cells: null,
    threads: [],
    thread_count: 0,
    blocked_in: {},
    running_threads: 0,
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
    turns: [],
    slices: [],
    log: [],
    ended: null,
    picked: null,
    rates: { turns: 0, found: 0, calls: 0, wasted: 0, received: 0, sent: 0, accepted: 0 },
    idle_share: null,
    place: {
      live: true,
      at: 0,
      length: 0,
      t: 0,
      t0: 0,
      t1: 0,
      zero: 0,
      playing: false,
      speed: 1,
      stuck: "",
      over: false,
    },
    costs: { probe: null, dropped: 0, latency_ms: null, fps: null },
    name: "",
    style: "",
    title: "",
    colour: "#666666",
    marker: "o",
    notes: [],
  };
}
