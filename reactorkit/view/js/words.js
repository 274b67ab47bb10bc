// Numbers in words and figures of a steady width.

const MINUS = "\u2212";
const THIN = "\u202f"; // a narrow space that does not break, between a number and its unit

/** A whole number with commas: 12,345. */
export function digits(/** @type {number} */ value) {
  const text = String(Math.abs(Math.round(value)));
  return (value < -0.5 ? MINUS : "") + text.replace(/\B(?=(\d{3})+$)/g, ",");
}

/** Three figures that count: 0.042, 1.25, 12.5, 125. */
function threeFigures(/** @type {number} */ value) {
  if (value >= 99.95) return digits(value);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

/** A number that has to fit: 9,999 stays, 12,345,678 becomes 12.3 M. */
export function shortNumber(/** @type {number} */ value) {
  if (Math.abs(value) < 99_999.5) return digits(value);
  if (Math.abs(value) < 999_500) return `${digits(value / 1e3)}${THIN}k`;
  if (Math.abs(value) < 999.5e6) return `${threeFigures(value / 1e6)}${THIN}M`;
  return `${threeFigures(value / 1e9)}${THIN}G`;
}

/** An amount of bytes: 96 B, 64.0 KiB, 1.25 MiB. */
export function bytesText(/** @type {number} */ value) {
  if (value < 1000) return `${Math.round(value)}${THIN}B`;
  if (value < 1000 * 1024) return `${threeFigures(value / 1024)}${THIN}KiB`;
  if (value < 1000 * 1024 ** 2) return `${threeFigures(value / 1024 ** 2)}${THIN}MiB`;
  return `${threeFigures(value / 1024 ** 3)}${THIN}GiB`;
}

/** A stretch of time, from nanoseconds: 0 µs, 12 µs, 3.40 ms, 1.25 s, 2 min 5 s. */
export function timeText(/** @type {number} */ ns) {
  if (ns < 999_500) return `${Math.round(ns / 1e3)}${THIN}µs`;
  if (ns < 999.5e6) return `${threeFigures(ns / 1e6)}${THIN}ms`;
  if (ns < 59.95e9) return `${threeFigures(ns / 1e9)}${THIN}s`;
  const seconds = Math.round(ns / 1e9);
  return `${Math.floor(seconds / 60)}${THIN}min ${seconds % 60}${THIN}s`;
}

/** Whole seconds for people who wait: 0 s, 12 s, 2 min 5 s. */
export function wholeSeconds(/** @type {number} */ ns) {
  const seconds = Math.max(0, Math.floor(ns / 1e9));
  return seconds < 60
    ? `${seconds}${THIN}s`
    : `${Math.floor(seconds / 60)}${THIN}min ${seconds % 60}${THIN}s`;
}

/** A moment on the server's clock, always three decimals: 12.345 s. */
export function momentText(/** @type {number} */ ns) {
  return `${(ns / 1e9).toFixed(3)}${THIN}s`;
}

/** A share of 0 to 1 in per cent; what is there at all is never written as nothing. */
export function shareText(/** @type {number|null} */ share) {
  if (share === null || !Number.isFinite(share)) return `–${THIN}%`;
  const percent = share * 100;
  if (percent > 0 && percent < 1) return `<1${THIN}%`;
  if (percent > 99 && percent < 100) return `>99${THIN}%`;
  return `${Math.round(percent)}${THIN}%`;
}

/** "1 client", "3 clients". */
export function countOf(/** @type {number} */ n, /** @type {string} */ one, more = `${one}s`) {
  return `${digits(n)} ${n === 1 ? one : more}`;
}

/** The last part of a handler's dotted name; callbacks keep their brackets. */
export function shortName(/** @type {string} */ name) {
  return name.slice(name.lastIndexOf(".") + 1);
}
