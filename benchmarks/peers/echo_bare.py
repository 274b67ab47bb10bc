"""As little Python between the system calls as there can be: the limit of every design in it.

No server to build on: it forgets what does not fit into the kernel's buffer, and its loop knows
everything. How much slower a server with handlers and buffers is, is what these cost.
"""

import select


def serve(listener):
    listener.setblocking(False)
    poller = select.epoll()
    poller.register(listener, select.EPOLLIN)
    number, clients, calls = listener.fileno(), {}, {}
    while True:
        for fd, _ in poller.poll():
            if fd == number:
                client, _ = listener.accept()
                client.setblocking(False)
                clients[client.fileno()] = client
                calls[client.fileno()] = client.recv, client.send
                poller.register(client, select.EPOLLIN)
                continue
            recv, send = calls[fd]
            if data := recv(65536):
                send(data)
            else:
                poller.unregister(fd)
                clients.pop(fd).close()
