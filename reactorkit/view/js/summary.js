// What a server does at this moment, in plain words. No DOM.

import { kindOf, sharesOf } from "./layout.js";
import { bytesText, countOf, digits, momentText, shareText, shortName, timeText } from "./words.js";

/**
 * @typedef {import("./frame.js").Frame} Frame
 * @typedef {import("./naming.js").Names} Names
 */

/** Above so many turns a second no eye follows a single one: then the board speaks of many. */
const TOO_FAST = 12;

/** Whether single turns go by too fast to be followed. */
export function isFast(/** @type {Frame} */ frame) {
  if (frame.paused !== null || !frame.place.live) return false;
  return !frame.every || frame.rates.turns > TOO_FAST;
}

/** The moment that is shown, on the one clock of all servers of a board. */
export function shownAt(/** @type {Frame} */ frame) {
  return (frame.place.live ? frame.t : frame.place.t) + frame.place.zero;
}

/** Whether the board has a picture at all. */
export function isKnown(/** @type {Frame} */ frame) {
  return frame.name !== "" || frame.t > 0 || frame.count > 0;
}

/**
 * What the server does now, in one sentence.
 * @param {Frame} frame
 * @param {Names} names
 * @returns {string}
 */
export function sayNow(frame, names) {
  if (frame.ended !== null) return sayEnded(frame);
  if (!isKnown(frame)) return "Waiting for the first picture…";
  const kind = kindOf(frame);
  if (kind === "threads") return sayThreads(frame);
  if (kind === "busy") return sayBusy(frame);
  return isFast(frame) ? sayFastLoop(frame) : sayLoop(frame, names);
}

/**
 * The phase in two or three words, where there is room for no more.
 * @param {Frame} frame
 * @param {Names} names
 */
export function sayPhase(frame, names) {
  const kind = kindOf(frame);
  if (kind === "threads") {
    const runs = frame.running_threads;
    return runs > 0
      ? { text: `▶ ${countOf(runs, "thread")} running`, tone: "runs" }
      : { text: "all blocked", tone: "blocked" };
  }
  if (kind === "busy") return { text: "asks all", tone: "asks" };
  if (isFast(frame)) return { text: `waits ${shareText(sharesOf(frame).waiting)}`, tone: "waits" };
  const { running } = frame;
  if (frame.phase === "handling" && running !== null) {
    const whom = running.key ? names.who(running.key) : shortName(running.cb);
    return { text: `▶ ${whom}`, tone: "runs" };
  }
  if (frame.ready_count > 0) return { text: `▲ ${digits(frame.ready_count)} ready`, tone: "ready" };
  return { text: "waits", tone: "waits" };
}

/** How it ended; a server that died says in its log why. */
function sayEnded(/** @type {Frame} */ frame) {
  const code = frame.ended?.code ?? null;
  const last = frame.log.at(-1)?.text ?? "";
  if (code === 0) return "The server has ended, with status 0: all is well.";
  const how =
    code === null
      ? "The server has died without a word"
      : code < 0
        ? `The server was killed by signal ${-code}`
        : `The server has ended with status ${code}`;
  return last ? `${how}. Last it printed: ${last}` : `${how}.`;
}

function sayThreads(/** @type {Frame} */ frame) {
  const count = Math.max(frame.thread_count, frame.threads.length);
  if (count === 0) return "No thread has called anything yet.";
  const calls = Object.entries(frame.blocked_in)
    .filter(([, n]) => n > 0)
    .sort((a, b) => b[1] - a[1])
    .map(([op, n]) => `${digits(n)} in ${op}()`);
  const runs = frame.running_threads;
  const blocked = calls.length === 0 ? "None is blocked" : `Blocked: ${calls.join(", ")}`;
  return `${countOf(count, "thread")}. ${blocked}. ${runs === 0 ? "None runs" : `${digits(runs)} running`}.`;
}

function sayBusy(/** @type {Frame} */ frame) {
  const { calls, wasted } = frame.rates;
  if (frame.paused !== null || calls <= 0) {
    return `It asks every one of ${countOf(frame.count, "descriptor")} in turn: is there anything for me?`;
  }
  const share = shareText(wasted / calls);
  return `It asks ${digits(calls)} times a second: ${share} of the answers are “nothing there”.`;
}

function sayFastLoop(/** @type {Frame} */ frame) {
  const { turns, found } = frame.rates;
  const { waiting } = sharesOf(frame);
  const each = turns > 0 ? found / turns : 0;
  const words = [`${digits(turns)} turns a second`];
  if (turns > 0) words.push(`${each.toFixed(1)} ready in each`);
  if (waiting !== null) words.push(`${shareText(waiting)} of the time it waits`);
  return `${words.join(", ")}.`;
}

function sayLoop(/** @type {Frame} */ frame, /** @type {Names} */ names) {
  const { running, ready_count: ready } = frame;
  const more = ready - (running !== null && running.key in frame.ready ? 1 : 0);
  if (frame.phase === "handling" && running !== null) {
    const what = running.cb ? `${shortName(running.cb)}` : "the handler";
    const whom = running.key ? ` for ${names.full(running.key)}` : "";
    const rest = more > 0 ? ` ${digits(more)} more ${more === 1 ? "is" : "are"} ready.` : "";
    return `It runs ${what}${whom}.${rest}`;
  }
  if (frame.phase === "waiting") {
    const limit =
      frame.timeout === null
        ? ""
        : frame.timeout === 0
          ? ", without waiting"
          : `, at most ${timeText(frame.timeout * 1e9)}`;
    const whom =
      frame.watched === 1 ? "1 descriptor" : `any of ${digits(frame.watched)} descriptors`;
    return `It waits for ${whom}${limit}.`;
  }
  if (frame.phase === "between") {
    if (ready > 0) return `The kernel says: ${readyWords(frame, names)}.`;
    return "All handlers have run; it is about to wait again.";
  }
  return "It has started; it has not waited for anything yet.";
}

/** "client 3 is ready", "client 1, client 2 and 5 more are ready". */
function readyWords(/** @type {Frame} */ frame, /** @type {Names} */ names) {
  const keys = Object.keys(frame.ready);
  const total = Math.max(frame.ready_count, keys.length);
  const named = keys.slice(0, total <= 3 ? 3 : 2).map((key) => names.who(key));
  const rest = total - named.length;
  if (rest > 0) named.push(`${digits(rest)} more`);
  const last = named.pop() ?? "";
  const list = named.length > 0 ? `${named.join(", ")} and ${last}` : last;
  return `${list} ${total === 1 ? "is" : "are"} ready`;
}

/**
 * Where a paused server stands, and what comes next.
 * @param {Frame} frame
 * @param {Names} names
 * @returns {{where: string, next: string}}
 */
export function sayHeld(frame, names) {
  const { held } = frame;
  if (frame.paused === null) return { where: "", next: "" };
  if (held === null) return { where: "It is being paused", next: "it stops at its next call" };
  const why = held.why ? `, because ${held.why}` : "";
  const whom = held.key ? ` on ${names.full(held.key)}` : "";
  if (held.at === "kernel") {
    return {
      where: `It waits in the kernel${why}`,
      next: "nothing, until somebody sends or connects; a step will then be taken",
    };
  }
  if (held.at === "handler") {
    const what = held.cb ? shortName(held.cb) : "the handler";
    const whose = held.key ? ` for ${names.full(held.key)}` : "";
    return { where: `Held before a handler${why}`, next: `${what}${whose}` };
  }
  if (held.at === "call") {
    const done = callIsDone(frame);
    const call = `${held.cb || "a call"}${whom}`;
    return done
      ? { where: `Held after ${call}${why}`, next: "what the server does with the answer" }
      : { where: `Held before ${call}${why}`, next: `${held.cb || "the call"}${whom}` };
  }
  const next =
    kindOf(frame) === "busy"
      ? "another pass: it asks everybody again"
      : `it asks the kernel again who is ready, of ${countOf(watchedCount(frame), "descriptor")}`;
  return { where: `Held between two turns${why}`, next };
}

/** Whether the call at which it is held has returned: then it is the handle's last one. */
function callIsDone(/** @type {Frame} */ frame) {
  const { held } = frame;
  const record = held && frame.handles.find((one) => one.key === held.key);
  if (!held || !record) return false;
  return record.last === held.cb && held.t - record.at < 2e6;
}

function watchedCount(/** @type {Frame} */ frame) {
  const waited = frame.handles.filter((one) => one.mask !== 0).length;
  return frame.cells === null && waited > 0 ? waited : Math.max(frame.watched, waited);
}

/**
 * One line for a screen reader, short enough to be heard every other second.
 * @param {Frame} frame
 * @param {Names} names
 */
export function sayAloud(frame, names) {
  const { where, next } = sayHeld(frame, names);
  const title = frame.title || frame.name || "The server";
  if (!frame.place.live)
    return `${title}: the past, at ${momentText(shownAt(frame))}. ${sayNow(frame, names)}`;
  if (where) return `${title}: paused. ${where}. Next: ${next}.`;
  return `${title}: ${sayNow(frame, names)}`;
}

/**
 * The whole picture as text: for tests, and for whoever does not see the board.
 * @param {Frame} frame
 * @param {Names} names
 */
export function textTwin(frame, names) {
  const { totals } = frame;
  const lines = [`${frame.title || frame.name || "server"}: ${sayNow(frame, names)}`];
  const { where, next } = sayHeld(frame, names);
  if (!frame.place.live) lines.push(`the past, at ${momentText(shownAt(frame))}`);
  if (where) lines.push(`paused. ${where}. Next: ${next}.`);
  lines.push(
    `turn ${digits(frame.turn)}, ${countOf(frame.count, "descriptor")}, ` +
      `${digits(frame.ready_count)} ready, ${countOf(totals.wasted ?? 0, "wasted call")}, ` +
      `${bytesText(totals.received ?? 0)} in, ${bytesText(totals.sent ?? 0)} out`,
  );
  for (const one of frame.handles) {
    const words = [`fd ${one.fd}`, names.who(one.key)];
    const wants = (one.mask & 1 ? "R" : "") + (one.mask & 2 ? "W" : "");
    if (wants) words.push(wants);
    if (one.ready) words.push("READY");
    if (frame.running?.key === one.key) words.push("RUNNING");
    if (one.owed) words.push(`owed=${one.owed}`);
    if (one.wasted) words.push(`wasted=${one.wasted}`);
    if (one.eof) words.push("EOF");
    if (one.err) words.push(one.err);
    lines.push(words.join(" "));
  }
  for (const thread of frame.threads) {
    const on = thread.key ? ` on ${names.full(thread.key)}` : "";
    const does = thread.call ? `blocked in ${thread.call}${on}` : `running`;
    lines.push(`thread ${thread.name || thread.id}: ${does}`);
  }
  return lines.join("\n");
}
