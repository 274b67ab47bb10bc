"""First it asks all of them, then it takes out those that have ended."""


def ended(conn):
    try:
        data = conn.recv(65536)
        if data == b"":
            return True
        conn.send(data)
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return False


def poll_once(conns):
    over = [conn for conn in conns if ended(conn)]
    conns[:] = [conn for conn in conns if conn not in over]
    for conn in over:
        conn.close()
    return over
