"""A thread for every visitor: one of them may take five seconds, and nobody else notices.

Every visitor gets an echo; one who says "report" gets it after the report is written.

Beside it: report_selectors does the same work in one loop.
"""

import threading
import time

SECONDS = 5  # how long it takes to write a report


def serve(listener):
    # create listener: the launcher did.
    while True:
        # accept: sleeps until somebody comes.
        client, _ = listener.accept()
        threading.Thread(target=answer, args=(client,), daemon=True).start()


def answer(client):
    # read: sleeps until this client says something; b"" means that it sends no more.
    try:
        while data := client.recv(1024):
            if data.startswith(b"report"):
                write_report()
            # write: answers are small here.
            client.sendall(data)
    except ConnectionError:  # reset
        pass
    # close: nobody is there any more.
    client.close()


def write_report():
    time.sleep(SECONDS)  # stands for the database; only this thread waits
