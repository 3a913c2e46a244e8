"""Dispatchers in processes of their own, killed at random moments while the endpoint misbehaves by seeded dice."""
