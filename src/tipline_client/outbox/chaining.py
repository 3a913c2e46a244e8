"""Which chain a store links its histories with: the one it was opened with, or that of the first home to use it."""

from tipline_client.envelope import HistoryChain

__all__ = ["Chained"]


class Chained:
    """The part of a store that keeps the chain; the store sets it when it is opened."""

    _chain: HistoryChain

    def use_chain(self, chain: HistoryChain) -> bool:
        """See `Outbox.use_chain`."""
        if not chain.has_secret:
            return True
        if not self._chain.has_secret:
            self._chain = chain
        return self._chain.has_secret_of(chain)
