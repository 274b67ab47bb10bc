"""Takes every client, keeps it, and says nothing, whatever signal comes."""

import signal

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
kept = []


def serve(listener):
    while True:
        kept.append(listener.accept())
