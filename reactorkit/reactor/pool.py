"""Blocking work for a reactor: a thread waits in its place, and the result comes back to the loop.

A handler that computes, or reads a file, or asks a database, keeps everybody waiting. Handed to the
pool, it keeps one thread waiting. What is to be done with the result runs in the reactor's thread
again, so that handlers need no locks.
"""

from concurrent.futures import ThreadPoolExecutor


class Pool:
    """Some threads that work for one reactor.

    Arguments:
        reactor: whose thread gets the results.
        workers: how many threads there are at most.
    """

    def __init__(self, reactor, workers=4):
        self._reactor = reactor
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="pool")

    def run(self, work, *args, then, failed=None):
        """Run work(*args) in a thread; then call then(result), or failed(error), in the reactor's.

        Without `failed`, an error is logged like that of a handler. The client for whom the work
        was done may have left meanwhile; `then` has to look.
        """
        future = self._threads.submit(work, *args)
        # Called in the worker's thread, or in ours if the work has been done already.
        future.add_done_callback(
            lambda done: self._reactor.call_from_thread(self._deliver, done, then, failed)
        )

    def _deliver(self, done, then, failed):
        error = done.exception()
        if error is None:
            then(done.result())
        elif failed is not None:
            failed(error)
        else:
            raise error

    def close(self):
        """End the threads: what has not begun is given up, what runs is waited for."""
        self._threads.shutdown(cancel_futures=True)
