"""Programs of others around this package: each is started as they start it, and killed where it hurts."""
