"""Side by side, and fairly: our servers and those of other people under the same load.

    python -m reactorkit bench echo

Read the files in this order: cases.py (what is compared, and what was asked of it), measure.py (how
one server is measured, and how the rounds interleave), report.py and figure.py (how it is told).
The load is load.c, compiled on first use; without a compiler slow_load.py stands in, and says so.
"""
