"""In place of the package of this name, for the processes that tests start (see conftest.py)."""

raise ImportError("left out")
