"""Takes memory until somebody says stop; it stops at 4 GiB by itself."""

import time


def serve(listener):
    kept = [bytearray(b"x" * (64 << 20)) for _ in range(64)]
    time.sleep(60)
    print(len(kept))
