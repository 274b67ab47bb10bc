"""It keeps a list of its clients, and takes nobody off it: their connections stay open."""

import threading

clients = []


def serve(listener):
    while True:
        client, _ = listener.accept()
        clients.append(client)
        threading.Thread(target=echo, args=(client,), daemon=True).start()


def echo(client):
    try:
        while data := client.recv(4096):
            client.sendall(data)
        client.shutdown(1)
    except OSError:
        pass
