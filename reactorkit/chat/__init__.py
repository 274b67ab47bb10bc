"""The chat as a service: where messages end, what one looks like, who hears it. No sockets here.

framing.py   a stream of bytes, cut into lines
messages.py  a line, understood; a message, written
room.py      who is there, what each is still to get
"""
