"""The tests of the board share what lies beside them, and the golden traces of tests/trace."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "trace")]
