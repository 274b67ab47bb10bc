"""Nobody catches a reset."""


def poll_once(conns):
    gone = []
    for conn in list(conns):
        try:
            data = conn.recv(65536)
            if data:
                conn.send(data)
        except BlockingIOError:
            continue
        if not data:
            conn.close()
            conns.remove(conn)
            gone.append(conn)
    return gone
