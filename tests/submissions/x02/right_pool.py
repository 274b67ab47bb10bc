"""A pool with enough workers; it prints a lot meanwhile."""

from concurrent.futures import ThreadPoolExecutor


def echo(client):
    with client:
        while True:
            try:
                data = client.recv(1001)
                if not data:
                    break
                client.sendall(data)
            except OSError as error:
                print("broken:", error)
                break
        print("bye", "!" * 200)


def serve(listener):
    with ThreadPoolExecutor(300) as pool:
        while True:
            client, address = listener.accept()
            print("hello", address)
            pool.submit(echo, client)
