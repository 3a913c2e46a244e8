"""Dispatchers in processes of their own, killed at random moments, as is their database, while calls of theirs fail."""
