"""It waits for each thread, so one client at a time is served."""

import threading


def serve(listener):
    while True:
        client, _ = listener.accept()
        thread = threading.Thread(target=echo, args=(client,), daemon=True)
        thread.start()
        thread.join()


def echo(client):
    with client:
        try:
            while data := client.recv(4096):
                client.sendall(data)
        except OSError:
            pass
