"""The room of what lies at rest: sealed files, and that other programs read them."""
