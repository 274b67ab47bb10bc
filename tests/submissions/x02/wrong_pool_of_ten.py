"""Ten workers: the eleventh client waits until one of the others leaves."""

from concurrent.futures import ThreadPoolExecutor


def serve(listener):
    pool = ThreadPoolExecutor(10)
    while True:
        client, _ = listener.accept()
        pool.submit(echo, client)


def echo(client):
    with client:
        try:
            while data := client.recv(4096):
                client.sendall(data)
        except OSError:
            pass
