"""poll() knows numbers and bits; my_select() translates, there and back."""

import select

# The kernel reports these two whether they were asked for or not.
TROUBLE = select.POLLHUP | select.POLLERR


def my_select(readers, writers, timeout=None):
    poll = select.poll()  # a new one each time: it remembers nothing
    for number, bits in wanted(readers, writers).items():
        poll.register(number, bits)
    milliseconds = None if timeout is None else timeout * 1000
    found = dict(poll.poll(milliseconds))
    return ready(readers, found, select.POLLIN), ready(writers, found, select.POLLOUT)


def wanted(readers, writers):
    bits = {number(one): select.POLLIN for one in readers}
    for one in writers:
        bits[number(one)] = bits.get(number(one), 0) | select.POLLOUT
    return bits


def ready(things, found, bit):
    return [one for one in things if found.get(number(one), 0) & (bit | TROUBLE)]


def number(thing):
    return thing if isinstance(thing, int) else thing.fileno()
