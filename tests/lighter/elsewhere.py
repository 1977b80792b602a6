"""What the processes that tests start can import of the tests (see conftest.py)."""

import os


def call_in(folder, call, *arguments):
    """Call with another current folder."""
    os.chdir(folder)
    return call(*arguments)
