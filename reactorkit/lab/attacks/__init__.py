"""ATTACKS: what a client can do to a server, one small object each, and who survives it.

    attack("chat_article")                  # table.py: every attack, a fresh server for each
    attack("chat_article", "chat_reactor")  # before and after, side by side

The attacks are in lines.py (what a client says), wire.py (how it comes and goes) and pressure.py
(how much it asks for); catalogue.py lists them. arena.py runs one of them: party.py are the
innocent members who talk meanwhile, ears.py is how anybody listens.

    python -m reactorkit fuzz chat_reactor  # fuzz.py, grammar.py: lines from a seed, many wrong
    python -m reactorkit soak chat_reactor  # soak.py: a thousand guests come and go for minutes
"""
