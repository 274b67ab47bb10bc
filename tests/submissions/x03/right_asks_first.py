"""It asks poll() with no time-out before it reads."""

import select


def poll_once(conns):
    removed = {}
    for conn in conns:
        asked = select.poll()
        asked.register(conn, select.POLLIN)
        if asked.poll(0):
            try:
                data = conn.recv(65536)
                if not data or conn.send(data) < 0:
                    removed[conn] = "end"
            except OSError as error:
                removed[conn] = error
    for conn in removed:
        conns.remove(conn)
        conn.close()
    return [*removed]
