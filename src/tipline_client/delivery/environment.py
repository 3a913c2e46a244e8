"""Where a filing counts: for real, for the hotline's test host, or for the mock alone."""

from enum import StrEnum

__all__ = ["Environment"]


class Environment(StrEnum):
    """Signed into every envelope, so that a test filing can never satisfy or block a real one."""

    TESTING = "testing"
    PRODUCTION = "production"
    MOCK = "mock"
