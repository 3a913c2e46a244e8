"""What the room says when sealed bytes do not open: nothing of what they held, and nothing of the keys."""

__all__ = ["SealBrokenError"]


class SealBrokenError(ValueError):
    """Sealed bytes were altered, cut, exchanged, or sealed with another key. Callers say whose they were."""
