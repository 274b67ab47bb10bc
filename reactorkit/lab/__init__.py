"""DRIVER: spawn servers and crowds of clients, read gauges, measure, and leave nothing behind.

    server = serve("echo_threads")          # notebook.py, server.py, process.py, keeper.py
    crowd(server, 50, "chatty")             # crowd.py, behaviours.py, load.py
    server.measure(1.0).cpu_share           # gauges.py
    race("echo_threads", "echo_selectors")  # race.py

Nothing is imported here: every crowd is a process that imports this room, and should be quick.
`from reactorkit import serve, crowd` gives the names for a notebook.
"""
