// A page on disk: unpacks the recordings that stand in it, and shows the board. No kernel needed.

import { mountBoard } from "./board.js";
import { replayController } from "./controller_replay.js";
import { recordingOf } from "./player.js";

/**
 * The text in gzip data that is written in base64.
 * @param {string} packed
 */
async function unpackedText(packed) {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).text();
}

/**
 * Show what the page holds.
 * @param {Document} page
 */
export async function showPage(page) {
  const place = /** @type {HTMLElement} */ (page.getElementById("board"));
  try {
    const data = JSON.parse(page.getElementById("recordings")?.textContent ?? "");
    const recordings = [];
    for (const { about, packed } of data.recordings) {
      recordings.push({ ...recordingOf(await unpackedText(packed)), about });
    }
    place.replaceChildren();
    mountBoard(place, replayController(recordings, data.replay), data.options);
  } catch (error) {
    place.textContent = `This recording cannot be shown: ${/** @type {Error} */ (error).message}`;
  }
}
