"""One thread for every client: each may wait as long as it likes, and nobody else notices.

The code of one client still reads from top to bottom, and a client that resets its connection
ends its own thread only.

Stops working when there are very many clients: every thread costs memory for its stack, and
many that are busy at once cost time for switching between them. And when the process runs out
of descriptors, accept() raises and the server ends.

Rung 2. Next: echo_busywait serves everybody with a single thread.
"""

import threading


def serve(listener):
    # create listener: the launcher did, with socket(), bind() and listen(). Since then the kernel
    # completes connections by itself, and keeps them in a queue for us.
    # register: nothing to register, every client has a thread that knows it.
    # wait: accept() and recv() are the wait. The kernel puts one thread to sleep inside each.
    while True:
        # accept: sleeps until the kernel has a new connection for us.
        try:
            client, _ = listener.accept()
        except ConnectionAbortedError:  # BSD and macOS: reset before we came
            continue
        # A daemon thread does not keep the process alive when the main thread ends.
        threading.Thread(target=echo, args=(client,), daemon=True).start()


def echo(client):
    try:
        # read: sleeps until at least one byte is here; b"" means that the client sends no more.
        while data := client.recv(65536):
            # buffer: none of ours. sendall() sleeps while the kernel's buffer is full.
            # write: all of it, however long the client takes to read it.
            client.sendall(data)
    except OSError:  # reset, most likely: this connection is over, the others go on
        pass
    # close: everything that came in has gone out, or nobody is there to take it.
    client.close()
