"""The experiments, one module per notebook: `nb02.idle_threads(world) -> Evidence`.

An experiment builds what it needs through its `World`, so that everything ends with it, and
judges by ratios, orders, counts or "alive or dead", never by an absolute time.
"""
