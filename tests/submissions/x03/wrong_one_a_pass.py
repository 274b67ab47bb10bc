"""Whoever has been served ends the pass."""


def poll_once(conns):
    gone = []
    for conn in list(conns):
        try:
            data = conn.recv(65536)
            if data:
                conn.send(data)
                return gone
        except BlockingIOError:
            continue
        except OSError as error:
            print("broken:", error)
            data = b""
        if not data:
            conn.close()
            conns.remove(conn)
            gone.append(conn)
    return gone
