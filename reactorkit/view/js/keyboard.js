// Which key does what. The same for the board, for the help, and for a presenter's remote.

/**
 * @typedef {object} Key
 * @property {string} keys     how a person reads them
 * @property {string} does     what they do
 */

/** @type {Key[]} */
export const KEYS = [
  { keys: "Space", does: "pause, run" },
  { keys: "→", does: "one turn on" },
  { keys: "Shift →", does: "one handler on" },
  { keys: "←", does: "one turn back, while paused" },
  { keys: "Shift ←", does: "one handler back" },
  { keys: "Home, End", does: "the first moment, now" },
  { keys: "Page Down, Page Up", does: "one turn on, back (presenter’s remote)" },
  { keys: ".", does: "pause, run (presenter’s remote)" },
  { keys: "↑ ↓, Enter", does: "choose a handle" },
  { keys: "/", does: "filter" },
  { keys: "D", does: "simple, full" },
  { keys: "P", does: "projector" },
  { keys: "L", does: "what the server prints" },
  { keys: "?", does: "this list" },
  { keys: "Esc", does: "close" },
];

/**
 * @typedef {{key: string, shiftKey: boolean, ctrlKey: boolean, altKey: boolean,
 *   metaKey: boolean}} Press
 * @typedef {{act: Object.<string, any>} | {local: string}} Wish
 */

/**
 * What a key means: a command for the servers, something for the board itself, or nothing.
 * @param {Press} press
 * @param {{replay: boolean, moving: boolean, past: boolean, typing: boolean, onButton: boolean}} now
 *   moving: the server runs, or the recording plays. past: an earlier moment is shown.
 * @returns {Wish|null}
 */
export function wishOf(press, now) {
  if (press.ctrlKey || press.altKey || press.metaKey) return null;
  if (press.key === "Escape") return { local: "close" };
  if (now.typing) return null;
  const of = press.shiftKey ? "handler" : "turn";
  switch (press.key) {
    case " ":
      return now.onButton ? null : { act: { do: toggleOf(now) } };
    case ".":
    case "b":
    case "B":
      return { act: { do: toggleOf(now) } };
    case "ArrowRight":
      return { act: { do: now.past || now.replay ? "forward" : "step", of } };
    case "PageDown":
      return { act: { do: now.past || now.replay ? "forward" : "step", of: "turn" } };
    case "ArrowLeft":
      return { act: { do: "back", of } };
    case "PageUp":
      return { act: { do: "back", of: "turn" } };
    case "Home":
      return { act: { do: "seek", at: 0 } };
    case "End":
      return { act: { do: "present" } };
    case "d":
    case "D":
      return { local: "detail" };
    case "p":
    case "P":
      return { local: "projector" };
    case "l":
    case "L":
      return { local: "log" };
    case "/":
      return { local: "filter" };
    case "?":
      return { local: "help" };
    default:
      return null;
  }
}

/** What the one large button does now. */
export function toggleOf(/** @type {{replay: boolean, moving: boolean}} */ now) {
  if (now.replay) return now.moving ? "stop" : "play";
  return now.moving ? "pause" : "run";
}
