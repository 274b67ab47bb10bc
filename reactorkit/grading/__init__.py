"""Graded exercises: behaviour over real sockets, judged from another process, told as a story."""
