// Numbers in words: steady in width, true at the edges.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  bytesText,
  countOf,
  digits,
  momentText,
  shareText,
  shortName,
  shortNumber,
  timeText,
  wholeSeconds,
} from "../../reactorkit/view/js/words.js";

const plain = (text) => text.replaceAll("\u202f", " ");

test("whole numbers have commas", () => {
  assert.equal(digits(0), "0");
  assert.equal(digits(999), "999");
  assert.equal(digits(1000), "1,000");
  assert.equal(digits(8421337), "8,421,337");
  assert.equal(digits(-1234), "\u22121,234");
  assert.equal(digits(-0.2), "0");
});

test("a number that has to fit is shortened only when it is long", () => {
  assert.equal(plain(shortNumber(99_999)), "99,999");
  assert.equal(plain(shortNumber(100_000)), "100 k");
  assert.equal(plain(shortNumber(12_345_678)), "12.3 M");
  assert.equal(plain(shortNumber(2_500_000_000)), "2.50 G");
});

test("bytes change their unit before they need a fifth figure", () => {
  assert.equal(plain(bytesText(0)), "0 B");
  assert.equal(plain(bytesText(999)), "999 B");
  assert.equal(plain(bytesText(1000)), "0.98 KiB");
  assert.equal(plain(bytesText(65536)), "64.0 KiB");
  assert.equal(plain(bytesText(1024 * 1024)), "1.00 MiB");
  assert.equal(plain(bytesText(1024 ** 3 * 3)), "3.00 GiB");
});

test("times go from microseconds to minutes", () => {
  assert.equal(plain(timeText(0)), "0 µs");
  assert.equal(plain(timeText(12_000)), "12 µs");
  assert.equal(plain(timeText(3_400_000)), "3.40 ms");
  assert.equal(plain(timeText(999_600)), "1.00 ms");
  assert.equal(plain(timeText(1.25e9)), "1.25 s");
  assert.equal(plain(timeText(125e9)), "2 min 5 s");
  assert.equal(plain(wholeSeconds(12.9e9)), "12 s");
  assert.equal(plain(wholeSeconds(-1)), "0 s");
  assert.equal(plain(wholeSeconds(61e9)), "1 min 1 s");
  assert.equal(plain(momentText(12.3456e9)), "12.346 s");
});

test("what is there at all is never written as nothing, and almost all never as all", () => {
  assert.equal(plain(shareText(0)), "0 %");
  assert.equal(plain(shareText(0.001)), "<1 %");
  assert.equal(plain(shareText(0.5)), "50 %");
  assert.equal(plain(shareText(0.9999)), ">99 %");
  assert.equal(plain(shareText(1)), "100 %");
  assert.equal(plain(shareText(null)), "– %");
  assert.equal(plain(shareText(Number.NaN)), "– %");
});

test("one client, three clients, two passes; the last part of a dotted name", () => {
  assert.equal(countOf(1, "client"), "1 client");
  assert.equal(countOf(3000, "client"), "3,000 clients");
  assert.equal(countOf(2, "pass", "passes"), "2 passes");
  assert.equal(shortName("EchoServer.read"), "read");
  assert.equal(shortName("echo()"), "echo()");
  assert.equal(shortName(""), "");
});
