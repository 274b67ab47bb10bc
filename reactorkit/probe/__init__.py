"""INSTRUMENT: makes any server watchable from inside, without a line of its own for that.

Started, never imported: `python -m reactorkit.probe CHANNEL serve TARGET ...`. It replaces the
calls that a server waits with and moves bytes with, and then starts the server unchanged.

clock.py      time that stands still while the server is paused
lanes.py      what is known of each thread
gate.py       pause, step, run, run until      until.py     conditions
tracer.py     the events of this process, one by one or as sums; which handle is which
turns.py      a wait for many handles: the turn it begins, the handlers it leads to
sockets.py    socket.socket        calls.py     one call on a socket
polls.py      select.select, select.poll, select.epoll
selecting.py  the classes of selectors          loops.py     the callbacks of asyncio
control.py    commands from whoever watches     install.py   all of it, in the right order
"""
