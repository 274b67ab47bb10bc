"""Which loopback address a connection comes from, when there are thousands of them."""

from __future__ import annotations

import ipaddress
import sys

# One source address has about 28,000 ports for outgoing connections (ip(7), ip_local_port_range),
# and a port rests for a minute after use (TIME_WAIT). Linux owns all of 127.0.0.0/8.
CONNECTIONS_PER_SOURCE = 4000


def source_address(host: str, index: int) -> str | None:
    """Return the local address that connection number `index` to `host` should come from.

    None leaves the choice to the system: for the first few thousand, and wherever the
    target is not an IPv4 loopback address or the platform knows only 127.0.0.1.
    """
    if sys.platform != "linux" or index < CONNECTIONS_PER_SOURCE or not host.startswith("127."):
        return None
    return str(ipaddress.ip_address("127.0.0.1") + index // CONNECTIONS_PER_SOURCE)
