// Walks through one recording (standard input: path, moves) and prints every position it comes to.
import { readFileSync } from "node:fs";
import { Player, recordingOf } from "../../reactorkit/view/js/player.js";

const { path, moves } = JSON.parse(readFileSync(0, "utf8"));
const { header, events } = recordingOf(readFileSync(path, "utf8"));
const player = new Player(header, events);
player.seek(player.length);
const places = moves.map(([move, of]) => {
  if (move === "seek") player.seek(of);
  else if (move === "seek_time") player.seekTime(of);
  else player[move](of);
  return player.at;
});
process.stdout.write(JSON.stringify(places));
