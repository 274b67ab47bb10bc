"""A broken connection is taken for the end of the whole server."""

import os
import threading


def serve(listener):
    while True:
        client, _ = listener.accept()
        threading.Thread(target=echo, args=(client,), daemon=True).start()


def echo(client):
    with client:
        try:
            while data := client.recv(4096):
                client.sendall(data)
        except OSError as error:
            print("broken:", error, flush=True)
            os._exit(1)
