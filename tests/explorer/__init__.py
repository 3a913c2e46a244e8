"""Every path of the dispatchers, walked: production code against the mock's state, with chosen faults at every seam.

`python -m tests.explorer --help` is the long form; the tests beside it are the short one.
"""
