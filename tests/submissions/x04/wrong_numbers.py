"""It returns descriptors, not the objects that were handed over."""

import select


def number(thing):
    return thing if isinstance(thing, int) else thing.fileno()


def my_select(readers, writers, timeout=None):
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
    readable = [
        number(one) for one in readers if found.get(number(one), 0) & (select.POLLIN | trouble)
    ]
    writable = [
        number(one) for one in writers if found.get(number(one), 0) & (select.POLLOUT | trouble)
    ]
    return readable, writable
