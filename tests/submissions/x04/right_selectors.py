"""The selectors module does the work."""

from collections import defaultdict
from selectors import EVENT_READ, EVENT_WRITE, DefaultSelector


def my_select(readers, writers, timeout=None):
    numbers = {one: one if isinstance(one, int) else one.fileno() for one in [*readers, *writers]}
    events = defaultdict(int)
    for one in readers:
        events[numbers[one]] |= EVENT_READ
    for one in writers:
        events[numbers[one]] |= EVENT_WRITE
    with DefaultSelector() as selector:
        for fd, mask in events.items():
            selector.register(fd, mask)
        found = {key.fd: mask for key, mask in selector.select(timeout)}
    readable = [one for one in readers if found.get(numbers[one], 0) & EVENT_READ]
    writable = [one for one in writers if found.get(numbers[one], 0) & EVENT_WRITE]
    return (readable, writable)
