"""A new epoll object for each call, closed at its end."""

import select
import time


def fd_of(thing):
    return thing if type(thing) is int else thing.fileno()


def my_select(readers, writers, timeout=None):
    if not readers and not writers:
        time.sleep(timeout)
        return [], []
    with select.epoll() as epoll:
        known = set()
        both = {fd_of(one) for one in readers} & {fd_of(one) for one in writers}
        for things, bit in ((readers, select.EPOLLIN), (writers, select.EPOLLOUT)):
            for fd in map(fd_of, things):
                if fd not in known:
                    known.add(fd)
                    epoll.register(fd, select.EPOLLIN | select.EPOLLOUT if fd in both else bit)
        ready = dict(epoll.poll(timeout))
    print(ready)
    error = select.EPOLLHUP | select.EPOLLERR
    return (
        [one for one in readers if ready.get(fd_of(one), 0) & (select.EPOLLIN | error)],
        [one for one in writers if ready.get(fd_of(one), 0) & (select.EPOLLOUT | error)],
    )
