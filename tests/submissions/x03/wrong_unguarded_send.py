"""Only recv() is guarded."""


def poll_once(conns):
    gone = []
    for conn in list(conns):
        try:
            data = conn.recv(65536)
        except BlockingIOError:
            continue
        except OSError:
            data = b""
        if data:
            conn.send(data)
        else:
            conn.close()
            conns.remove(conn)
            gone.append(conn)
    return gone
