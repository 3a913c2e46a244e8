"""Commands of the application; Django looks for them here."""
