"""It answers one word, and closes."""

import selectors


def serve(listener):
    selector = selectors.DefaultSelector()
    selector.register(listener, selectors.EVENT_READ)
    while True:
        for key, _ in selector.select():
            if key.fileobj is listener:
                client, _ = listener.accept()
                selector.register(client, selectors.EVENT_READ)
                continue
            try:
                key.fileobj.send(key.fileobj.recv(65536))
            except OSError:
                pass
            selector.unregister(key.fileobj)
            key.fileobj.close()
