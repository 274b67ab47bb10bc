// The controller of a board of running servers: Frames come from the kernel, Commands go there.
//
// One per widget model, shared by all its views. Frames arrive as binary messages. Where one asks,
// the kernel is told when it has been painted: that is what lets it send more. No DOM.

import { emptyFrame } from "./frame.js";
import { FrameReader } from "./frames.js";

/**
 * @typedef {{on: (name: string, callback: (content: any, buffers: DataView[]) => void) => void,
 *   off: (name: string, callback: any) => void, send: (content: any) => any}} LiveModel
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {{kind: "live"|"replay", servers: number, frame: (i: number) => Frame,
 *   act: (i: number|"all", command: Object.<string, any>) => void,
 *   on: (callback: (i?: number) => void) => () => void, painted: (i: number) => void,
 *   can: Object.<string, boolean|string>}} Controller
 */

const SIGN_OF_LIFE = 5000; // milliseconds
const FPS_OVER = 2000;
const KERNEL_GONE =
  "The kernel of this board has ended or was restarted. Run the board's cell again to open it anew.";

/**
 * @param {LiveModel} model
 * @param {{servers: Object.<string, any>[], clients: boolean|string}} start
 */
export function liveController(model, start) {
  const frames = start.servers.map((about) => ({ ...emptyFrame(), ...about }));
  let readers = frames.map(() => new FrameReader());
  /** @type {Set<(i?: number) => void>} */
  const callbacks = new Set();
  /** @type {number[]} */
  let paints = [];
  /** @type {Object.<string, boolean|string>} */
  const can = {
    pause: true,
    run: true,
    step: true,
    back: true,
    forward: true,
    seek: true,
    present: true,
    until: true,
    pick: true,
    client: start.clients,
    speed: "Only a recording has a speed: this server runs as fast as it runs.",
    play: "Only a recording is played: this server runs by itself.",
  };
  let read = 0; // number of the last message
  let shown = 0; // number of the last message that was painted
  let owed = false; // whether the kernel waits to hear that one was
  let asked = 0; // when a full message was asked for

  /** The last picture stays, and says why it does. */
  function lost() {
    clearInterval(alive);
    for (const frame of frames) frame.place = { ...frame.place, stuck: KERNEL_GONE, over: true };
    shut();
    for (const callback of callbacks) callback();
  }

  /** Where nobody obeys any more, every control says why. */
  function shut() {
    if (!frames.every((frame) => frame.place.over)) return;
    for (const name of Object.keys(can)) if (can[name] === true) can[name] = frames[0].place.stuck;
  }

  /** Whether the kernel is still there shows only when something is sent. @param {any} content */
  function tell(content) {
    try {
      Promise.resolve(model.send(content)).catch(lost);
    } catch {
      lost();
    }
  }

  function hello() {
    readers = frames.map(() => new FrameReader());
    asked = Date.now();
    tell({ do: "hello" });
  }

  /** Nothing is asked twice while the answer is on its way. */
  function ask() {
    if (Date.now() - asked > 1000) hello();
  }

  /** @param {any} content @param {DataView[]} buffers */
  function hear(content, buffers) {
    if (content?.kind !== "frames") return;
    const missed = content.n !== read + 1 && read > 0;
    read = content.n;
    owed ||= content.ask;
    let useful = 0;
    content.of.forEach((/** @type {number} */ i, /** @type {number} */ place) => {
      // After a gap only a message that says everything can be understood.
      if (missed) readers[i] = new FrameReader();
      const frame = readers[i].read(buffers[place]);
      if (frame === null) return;
      useful += 1;
      frames[i] = frame;
      for (const callback of callbacks) callback(i);
    });
    shut();
    if (missed || useful < content.of.length) ask();
  }

  /** @param {number} _i */
  function painted(_i) {
    if (shown === read) return;
    shown = read;
    const now = Date.now();
    paints = [...paints.filter((t) => now - t < FPS_OVER), now];
    if (owed) tell({ do: "painted", n: read });
    owed = false;
  }

  model.on("msg:custom", hear);
  const alive = setInterval(() => tell({ do: "alive" }), SIGN_OF_LIFE);

  return {
    kind: /** @type {"live"} */ ("live"),
    servers: frames.length,
    /** @param {number} i @returns {Frame} */
    frame(i) {
      const frame = frames[i];
      frame.costs.fps = paints.length ? (paints.length * 1000) / FPS_OVER : null;
      return frame;
    },
    /** @param {number|"all"} i @param {Object.<string, any>} command */
    act: (i, command) => tell({ do: "act", i, command }),
    /** @param {(i?: number) => void} callback */
    on(callback) {
      callbacks.add(callback);
      return () => {
        callbacks.delete(callback);
      };
    },
    painted,
    can,
    hello,
    close() {
      clearInterval(alive);
      model.off("msg:custom", hear);
      callbacks.clear();
    },
  };
}
