// The widget: one controller for each model, one board for each of its views.

import { mountBoard } from "./board.js";
import { liveController } from "./controller_live.js";
import { replayController } from "./controller_replay.js";
import { recordingOf } from "./player.js";

/**
 * @typedef {{get: (name: string) => any, on: any, off: any, send: (content: any) => void}} Model
 * @typedef {{ready: Promise<any>, close: () => void}} Entry
 */

/** @type {Map<string, Entry>} */
const MODELS = new Map();

/**
 * Recordings come when they are asked for; the answer may be lost, so it is asked for again.
 * @param {Model} model
 * @param {Object.<string, any>} start
 * @returns {Entry}
 */
function recordedEntry(model, start) {
  /** @type {any} */
  let asking;
  /** @type {any} */
  let controller = null;
  /** @type {(content: any, buffers: DataView[]) => void} */
  let hear = () => {};
  const ready = new Promise((resolve) => {
    hear = (content, buffers) => {
      if (content?.kind === "act") controller?.act(content.i, content.command);
      if (content?.kind !== "recordings" || controller) return;
      clearInterval(asking);
      const recordings = buffers.map((bytes, i) => ({
        ...recordingOf(new TextDecoder().decode(bytes)),
        about: start.servers[i],
      }));
      controller = replayController(recordings, start.replay);
      resolve(controller);
    };
    model.on("msg:custom", hear);
    const ask = () => model.send({ do: "recordings" });
    asking = setInterval(ask, 3000);
    ask();
  });
  return {
    ready,
    close() {
      clearInterval(asking);
      model.off("msg:custom", hear);
      controller?.close();
    },
  };
}

/** @param {Model} model @returns {Entry} */
function entryOf(model) {
  const start = model.get("start");
  const known = MODELS.get(start.id);
  if (known) return known;
  /** @type {Entry} */
  let entry;
  if (start.kind === "live") {
    const controller = liveController(model, start);
    entry = { ready: Promise.resolve(controller), close: controller.close };
  } else entry = recordedEntry(model, start);
  MODELS.set(start.id, entry);
  return entry;
}

/** @param {{model: Model}} context */
export function initialize({ model }) {
  const entry = entryOf(model);
  return () => {
    MODELS.delete(model.get("start").id);
    entry.close();
  };
}

/** @param {{model: Model, el: HTMLElement}} context */
export function render({ model, el }) {
  const { options } = model.get("start");
  let unmount = () => {};
  let gone = false;
  entryOf(model).ready.then((controller) => {
    if (gone) return;
    controller.hello();
    unmount = mountBoard(el, controller, options);
  });
  return () => {
    gone = true;
    unmount();
  };
}
