// What to call a handle: "client 3" rather than a descriptor that is given out again.

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./frame.js").HandleRecord} HandleRecord
 */

/** What the roles are called. */
const ROLES = new Map([
  ["listener", "listener"],
  ["wakeup", "wake-up"],
  ["other", "other"],
]);

/**
 * Gives clients numbers in the order in which they are first seen; they keep them.
 */
export class Names {
  constructor() {
    /** @type {Map<string, number>} */
    this._numbers = new Map();
    /** @type {Map<string, string>} */
    this._roles = new Map();
    /** @type {string[]|null} */
    this._seen = null;
  }

  /** Take note of everybody in a Frame. */
  learn(/** @type {Frame} */ frame) {
    for (const record of frame.handles) {
      if (record.role === "client") this._number(record.key);
      else if (record.role !== this._roles.get(record.key)) {
        this._roles.set(record.key, record.role);
      }
    }
    const { cells } = frame;
    if (cells === null || cells.keys === this._seen) return;
    this._seen = cells.keys;
    for (const key of cells.keys) if (!this._roles.has(key)) this._number(key);
  }

  _number(/** @type {string} */ key) {
    let number = this._numbers.get(key);
    if (number === undefined) {
      number = this._numbers.size + 1;
      this._numbers.set(key, number);
    }
    return number;
  }

  /** "client 3", "listener"; of a handle that nobody has seen, "fd 7". */
  who(/** @type {string} */ key) {
    const number = this._numbers.get(key);
    if (number !== undefined) return `client ${number}`;
    const role = this._roles.get(key);
    return role ? (ROLES.get(role) ?? role) : `fd ${fdOf(key)}`;
  }

  /** "fd 7 (client 3)". */
  full(/** @type {string} */ key) {
    const who = this.who(key);
    return who.startsWith("fd ") ? who : `fd ${fdOf(key)} (${who})`;
  }
}

/** The descriptor in a key: "7#0" is 7. */
export function fdOf(/** @type {string} */ key) {
  return key.split("#", 1)[0] ?? "";
}

/** Whether a handle fits what somebody typed into the filter. */
export function fits(
  /** @type {string} */ text,
  /** @type {HandleRecord} */ record,
  /** @type {string} */ who,
) {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return true;
  if (/^\d+$/.test(wanted)) {
    const port = record.peer.endsWith(`:${wanted}`);
    return port || String(record.fd) === wanted || who === `client ${wanted}`;
  }
  const words = [who, `fd ${record.fd}`, record.key, record.peer, record.role, record.cb];
  if (record.mask & 1) words.push("read");
  if (record.mask & 2) words.push("write");
  if (record.ready) words.push("ready");
  if (record.owed) words.push("owed");
  if (record.eof) words.push("eof");
  if (record.err) words.push(record.err);
  return words.some((word) => word.toLowerCase().includes(wanted));
}
