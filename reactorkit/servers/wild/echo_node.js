// Echo with Node.js. The listening socket is inherited: its descriptor is the first argument.

const net = require("node:net");

// create listener: the launcher did. allowHalfOpen: a client that sends no more still gets its answer.
const server = net.createServer({ allowHalfOpen: true }, (client) => {
  // accept: libuv did, and calls this.
  // Without a listener for "error", one client's reset would end the program.
  client.on("error", () => client.destroy());
  // read, buffer, write, close: pipe() writes what arrives, stops reading while too much is owed, and
  // ends the answer after the question has ended.
  client.pipe(client);
});

// register, wait: the loop runs as long as there is something to wait for.
server.listen({ fd: Number(process.argv[2]), backlog: 1024 });

// Whoever started us holds the other end of this pipe. It is closed: the server is to end.
process.stdin.on("end", () => process.exit(0)).resume();
