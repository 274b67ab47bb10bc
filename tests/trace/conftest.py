"""The tests of a trace share what lies beside them: golden traces and random ones."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
