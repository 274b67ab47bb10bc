// Chat with Node.js: one JSON object a line, to everybody but the sender, with a write for each.

const net = require("node:net");

const members = new Set();

const server = net.createServer((member) => {
  let tail = "";
  member.setEncoding("utf8");
  members.add(member);
  member.on("error", () => member.destroy());
  member.on("close", () => members.delete(member));
  member.on("data", (data) => {
    const lines = (tail + data).split("\n");
    tail = lines.pop();
    for (const line of lines) {
      const { user, text } = JSON.parse(line);
      const bytes = Buffer.from(`${JSON.stringify({ user, text })}\n`);
      for (const other of members) if (other !== member) other.write(bytes);
    }
  });
});

server.listen({ fd: Number(process.argv[2]), backlog: 1024 });
process.stdin.on("end", () => process.exit(0)).resume();
