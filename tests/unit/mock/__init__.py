"""Tests of the mock endpoint, room by room; without sockets."""
