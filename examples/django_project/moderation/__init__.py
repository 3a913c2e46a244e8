"""A moderation desk: what was decided, and what became of its report."""
