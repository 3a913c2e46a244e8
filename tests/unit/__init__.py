"""Tests of one module each: no socket, no sleep."""
