"""send() on a socket with a time-out: it takes what fits, and the rest is forgotten.

A piece of some MiB does not fit for sure: a socket is called ready for writing as soon as a third
of its buffer is free, which is more than 64 KiB on many machines.
"""

import threading


def serve(listener):
    while True:
        client, _ = listener.accept()
        client.settimeout(60)
        threading.Thread(target=echo, args=(client,), daemon=True).start()


def echo(client):
    with client:
        try:
            while data := client.recv(4 << 20):
                client.send(data)
        except OSError:
            pass
