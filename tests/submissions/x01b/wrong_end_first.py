"""It tells the end as soon as it is known, with bytes still unread."""

import select


def classify(sock):
    poll = select.poll()
    poll.register(sock, select.POLLIN | select.POLLRDHUP)
    bits = poll.poll(0)[0][1] if poll.poll(0) else 0
    if bits & select.POLLERR:
        return "RESET"
    if bits & select.POLLRDHUP:
        return "EOF"
    return "DATA" if bits & select.POLLIN else "NOTHING"
