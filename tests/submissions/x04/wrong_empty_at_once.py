"""With nothing to watch it does not wait."""

import select


def number(thing):
    return thing if isinstance(thing, int) else thing.fileno()


def my_select(readers, writers, timeout=None):
    if not readers and not writers:
        return [], []
    wanted = {}
    for thing in readers:
        wanted[number(thing)] = wanted.get(number(thing), 0) | select.POLLIN
    for thing in writers:
        wanted[number(thing)] = wanted.get(number(thing), 0) | select.POLLOUT
    poll = select.poll()
    for fd, bits in wanted.items():
        poll.register(fd, bits)
    found = dict(poll.poll(None if timeout is None else timeout * 1000))
    trouble = select.POLLHUP | select.POLLERR
    readable = [one for one in readers if found.get(number(one), 0) & (select.POLLIN | trouble)]
    writable = [one for one in writers if found.get(number(one), 0) & (select.POLLOUT | trouble)]
    return readable, writable
