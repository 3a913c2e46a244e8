"""What belongs to the process that opened it, with its connections, locks and threads: no other one can have it.

Pickling is how `multiprocessing` and task queues hand things over. Left alone, it would name the first lock it meets.
"""

from typing import Never

__all__ = ["OfOneProcess"]


class OfOneProcess:
    """Neither pickled nor copied."""

    def __reduce__(self) -> Never:
        raise TypeError(
            f"this {type(self).__name__} belongs to the process that opened it, and cannot be pickled or copied: hand "
            "over the home and the profile, and open a client in each process, in the function or the initializer that "
            "runs there"
        )
