"""echo_threads with a handler that waits, as for a database: one thread waits with it."""

import threading
import time

SECONDS = 0.05


def serve(listener):
    while True:
        client, _ = listener.accept()
        threading.Thread(target=answer, args=(client,), daemon=True).start()


def answer(client):
    with client:
        while data := client.recv(1024):
            time.sleep(SECONDS)  # stands for the database
            client.sendall(data)
