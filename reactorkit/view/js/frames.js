// Reads the messages that reactorkit/view/frames.py makes: each becomes a Frame.
//
// Messages build on each other (words that were said once, lists that grow), so one reader reads
// all messages about one server in order, from one that is `full`. No DOM.

import { emptyFrame, SLICES_LENGTH, TURNS_LENGTH } from "./frame.js";
import { TIMELINE_LENGTH } from "./state_shape.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {Object.<string, any>} Row
 */

export const FRAME_VERSION = 1;
const NO_KEY = -(2 ** 31);
/** @type {Object.<string, string>} */
const TABLES = {
  handles:
    "owed:d received:d sent:d calls:d wasted:d runs:d handled:d at:d unread:d unsent:d " +
    "fd:i gen:i mask:i ready:i eof:i role:s peer:s cb:s err:s last:s",
  threads: "since:d blocked:d th:i key:k name:s call:s held:s",
  timeline: "t:d n:d key:k op:s text:s",
  turns: "t0:d found:d waiting:d between:d handling:d asking:d turn:d",
  slices: "t0:d t1:d th:i key:k cb:s",
};
/** What a row has besides. @type {Object.<string, Row>} */
const MORE = { handles: { key: "" }, threads: { id: 0 } };
/** The columns of each table, and a row with all its fields: rows are copies of it, all of one shape. */
const LAYOUTS = Object.fromEntries(
  Object.entries(TABLES).map(([name, text]) => {
    const columns = text.split(" ").map((column) => column.split(":"));
    const blank = Object.fromEntries(
      columns.map(([field, kind]) => [field, kind === "s" || kind === "k" ? "" : 0]),
    );
    return [name, { columns, blank: { ...blank, ...MORE[name] } }];
  }),
);
/** @type {Object.<string, number>} */
const MOST_ROWS = { timeline: TIMELINE_LENGTH, turns: TURNS_LENGTH, slices: SLICES_LENGTH };

export class FrameReader {
  constructor() {
    /** @type {string[]} */
    this.words = [];
    /** @type {Object.<string, Row[]>} */
    this.rows = {};
    /** @type {string[]} */
    this.keys = [];
    /** @type {any[]} */
    this.log = [];
    /** @type {Row} */
    this.about = {};
    /** @type {Row} */
    this.meta = {};
    this.begun = false;
  }

  /**
   * Read the next message. Null when it builds on one that was never read: ask for a full one.
   * @param {DataView|Uint8Array|ArrayBuffer} message
   * @returns {Frame|null}
   */
  read(message) {
    const bytes = alignedBytes(message);
    const version = bytes[0];
    if (version !== FRAME_VERSION) {
      throw new Error(
        `This board reads messages of version ${FRAME_VERSION}, and the kit sends version ${version}. ` +
          "Restart the kernel and load the page again.",
      );
    }
    const length = new DataView(bytes.buffer).getUint32(4, true);
    const head = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    if (head.full) {
      this.begun = true;
      this.words = [];
      this.about = head.about;
      this.meta = head.meta;
    }
    if (!this.begun) return null;
    this.words.push(...head.words);
    const body = new ColumnReader(bytes.buffer, 8 + length, this.words);
    for (const [name, count, begins] of head.tables) {
      const rows = body.table(name, count);
      const most = MOST_ROWS[name] ?? count;
      const before = begins ? [] : (this.rows[name] ?? []);
      const kept = before.slice(Math.max(0, before.length + count - most));
      this.rows[name] = kept.concat(count > most ? rows.slice(count - most) : rows);
    }
    if (head.log !== null) this.log = head.log;
    return this.frame(head, body);
  }

  /**
   * @param {Row} head
   * @param {ColumnReader} body
   * @returns {Frame}
   */
  frame(head, body) {
    const {
      tables: _t,
      words: _w,
      full: _f,
      about: _a,
      key_bytes,
      edits,
      cells: _c,
      ...plain
    } = head;
    const empty = emptyFrame();
    const handles = /** @type {any[]} */ (this.rows.handles);
    /** @type {Frame["cells"]} */
    let cells = null;
    if (head.cells) {
      if (key_bytes !== undefined) this.keys = readKeys(body.bytes(key_bytes), head.count);
      else if (edits) this.keys = editedKeys(this.keys, edits);
      cells = { keys: this.keys, look: body.bytes(head.count), heat: body.bytes(head.count) };
    }
    return Object.assign(empty, /** @type {any} */ (plain), {
      meta: this.meta,
      handles,
      ready: Object.fromEntries(
        handles.filter((one) => one.ready).map((one) => [one.key, one.ready]),
      ),
      cells,
      threads: this.rows.threads,
      timeline: this.rows.timeline,
      turns: this.rows.turns,
      slices: this.rows.slices,
      log: this.log,
      place: { ...empty.place, ...head.place },
      costs: { ...empty.costs, ...head.costs },
      ...this.about,
    });
  }
}

/** The columns after the head, one after the other. */
class ColumnReader {
  /** @param {ArrayBuffer} buffer @param {number} at @param {string[]} words */
  constructor(buffer, at, words) {
    this.buffer = buffer;
    this.at = at;
    this.words = words;
  }

  /** @param {number} size in bytes */
  skip(size) {
    const from = this.at;
    this.at += size + (-size & 7);
    return from;
  }

  /** @param {number} count */
  bytes(count) {
    return new Uint8Array(this.buffer, this.skip(count), count);
  }

  /** @param {number} count */
  whole(count) {
    return new Int32Array(this.buffer, this.skip(4 * count), count);
  }

  /** @param {string} name @param {number} count @returns {Row[]} */
  table(name, count) {
    /** @type {Row[]} */
    const rows = [];
    if (count === 0) return rows;
    const { columns, blank } = LAYOUTS[name];
    for (let i = 0; i < count; i += 1) rows.push({ ...blank });
    for (const [field, kind] of columns) this.column(field, kind, rows);
    if (name === "handles") {
      for (const row of rows) {
        row.key = `${row.fd}#${row.gen}`;
        row.eof = row.eof !== 0;
      }
    } else if (name === "threads") for (const row of rows) row.id = row.th;
    return rows;
  }

  /** @param {string} field @param {string} kind @param {Row[]} rows */
  column(field, kind, rows) {
    const count = rows.length;
    if (kind === "d") {
      const values = new Float64Array(this.buffer, this.skip(8 * count), count);
      rows.forEach((row, i) => {
        row[field] = values[i];
      });
    } else if (kind === "i") {
      const values = this.whole(count);
      rows.forEach((row, i) => {
        row[field] = values[i];
      });
    } else if (kind === "s") {
      const values = new Uint16Array(this.buffer, this.skip(2 * count), count);
      rows.forEach((row, i) => {
        row[field] = this.words[values[i]];
      });
    } else {
      const fds = this.whole(count);
      const gens = this.whole(count);
      rows.forEach((row, i) => {
        row[field] = fds[i] === NO_KEY ? "" : `${fds[i]}#${gens[i]}`;
      });
    }
  }
}

/**
 * The bytes of a message, at an address that columns of numbers can be read from.
 * @param {DataView|Uint8Array|ArrayBuffer} message
 * @returns {Uint8Array<ArrayBuffer>}
 */
function alignedBytes(message) {
  if (message instanceof ArrayBuffer) return new Uint8Array(message);
  const { buffer, byteOffset, byteLength } = message;
  return new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength));
}

/** @param {Uint8Array} bytes @param {number} count @returns {string[]} */
function readKeys(bytes, count) {
  let at = 0;
  function number() {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[at];
      at += 1;
      value += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
    }
    return value % 2 ? -(value + 1) / 2 : value / 2;
  }
  let fd = 0;
  const fds = Array.from({ length: count }, () => {
    fd += number();
    return fd;
  });
  return fds.map((one) => `${one}#${number()}`);
}

/**
 * The keys after some have come (place, fd, gen) and some have gone (place, -1, 0).
 * @param {string[]} keys
 * @param {[number, number, number][]} edits
 */
function editedKeys(keys, edits) {
  const edited = keys.slice();
  for (const [place, fd, gen] of edits) {
    if (fd < 0) edited.splice(place, 1);
    else edited.splice(place, 0, `${fd}#${gen}`);
  }
  return edited;
}
