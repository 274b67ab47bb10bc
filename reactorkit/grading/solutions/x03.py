"""First everybody is asked, then those who have ended are taken out."""


def poll_once(conns):
    over = [conn for conn in conns if not still_there(conn)]
    for conn in over:
        conns.remove(conn)
        conn.close()
    return over


def still_there(conn):
    try:
        data = conn.recv(65536)
        if data:
            conn.send(data)
    except BlockingIOError:  # nothing yet
        return True
    except OSError:  # a reset: this connection is over, the others go on
        return False
    return data != b""
