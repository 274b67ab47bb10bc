"""It serves one client to its end, and then the next."""


def serve(listener):
    while True:
        client, _ = listener.accept()
        with client:
            try:
                while data := client.recv(65536):
                    client.sendall(data)
            except OSError:
                pass
