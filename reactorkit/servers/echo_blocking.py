"""One client at a time: while it is connected, everybody else waits.

Two calls that wait, and nothing else to know: this is where every server begins.

Stops working with the second client. The kernel completes its connection and keeps what it
sends, but nobody reads that until the first client has left. And one client that resets its
connection ends the server: recv() raises ConnectionResetError, and nobody catches it.

Rung 1. Next: echo_threads gives every client a thread of its own.
"""


def serve(listener):
    # create listener: the launcher did, with socket(), bind() and listen(). Since then the kernel
    # completes connections by itself, and keeps them in a queue for us.
    # register: nothing to register, there is only ever one client.
    # wait: accept() and recv() are the wait. The kernel puts us to sleep inside them.
    while True:
        # accept: sleeps until the kernel has a new connection for us.
        client, _ = listener.accept()
        echo(client)


def echo(client):
    # read: sleeps until at least one byte is here; b"" means that the client sends no more.
    while data := client.recv(65536):
        # buffer: none of ours. sendall() sleeps while the kernel's buffer is full.
        # write: all of it, however long the client takes to read it.
        client.sendall(data)
    # close: everything that came in has gone out.
    client.close()
