"""By index, in order; removal from the back. A failed answer shows in the next pass."""


def poll_once(conns):
    places = []
    for place in range(len(conns)):
        data = None
        try:
            data = conns[place].recv(65536)
        except BlockingIOError:
            pass
        except OSError:
            data = b""
        if data == b"":
            places.append(place)
        elif data:
            try:
                conns[place].send(data)
            except OSError:
                pass
    removed = [conns[place] for place in places]
    for place in reversed(places):
        conns.pop(place).close()
    return removed
