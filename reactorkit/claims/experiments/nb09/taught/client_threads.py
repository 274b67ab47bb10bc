"""A chat client with a thread for each ear: one waits for the keyboard, one for the server.

Stops working gracefully at the end: a thread that waits for the keyboard does not notice that the
server has gone, so the other one ends the whole process. And both print, on one screen.
"""

import json
import os
import socket
import sys
import threading


def main(host, port, user):
    with socket.create_connection((host, int(port))) as server:
        print("connected")
        threading.Thread(target=listen, args=(server,), daemon=True).start()
        for line in sys.stdin:  # read: sleeps until somebody types
            text = line.rstrip("\n")
            # write: waits for room, if need be. The other thread goes on printing meanwhile.
            server.sendall(json.dumps({"user": user, "text": text}).encode() + b"\n")


def listen(server):
    with server.makefile() as lines:
        for line in lines:  # read: sleeps until the server speaks
            said = json.loads(line)
            text = said.get("text", said.get("error"))
            print(f"[{said.get('user', 'server')}] {text}", flush=True)
    # No more will come, and the main thread is inside a read that nobody ends.
    os._exit(0)


main(*sys.argv[1:])
