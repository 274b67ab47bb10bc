"""One scene per file; each defines SCENE. A new file here is a new scene on the stage."""
