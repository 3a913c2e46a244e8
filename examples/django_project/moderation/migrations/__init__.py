"""The desk's own tables."""
