"""The instructor's stage: scenes for the projector, rehearsed, recorded, and handed out.

`python -m reactorkit demo` opens it. Each scene is one file in scenes/.
"""
