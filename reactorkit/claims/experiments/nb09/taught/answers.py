"""Answers each line with "ok", and says nothing before a line has ended. One client at a time."""


def serve(listener):
    while True:
        # accept: sleeps until somebody comes.
        client, _ = listener.accept()
        with client, client.makefile("rb") as lines:
            for _ in lines:  # read: sleeps until a line is whole
                client.sendall(b"ok\n")  # write
