"""It makes a new list of the same name; the caller's stays as it was."""


def poll_once(conns):
    gone = []
    for conn in list(conns):
        try:
            data = conn.recv(65536)
            if data:
                conn.send(data)
        except BlockingIOError:
            continue
        except OSError as error:
            print("broken:", error)
            data = b""
        if not data:
            conn.close()
            conns = [one for one in conns if one is not conn]
            gone.append(conn)
    return gone
