"""TAUGHT: the clients of the walk, one per file."""
