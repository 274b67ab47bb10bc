"""After a reset its thread tries again, for ever."""

import threading
import time


def serve(listener):
    while True:
        client, _ = listener.accept()
        threading.Thread(target=echo, args=(client,), daemon=True).start()


def echo(client):
    with client:
        while True:
            try:
                data = client.recv(4096)
                if not data:
                    return
                client.sendall(data)
            except OSError:
                # The error is told once; after it, recv() says b"". Not so in this thread.
                while True:
                    time.sleep(1)
