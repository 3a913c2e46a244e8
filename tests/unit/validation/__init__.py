"""Tests of the rules and of reading submissions."""
