"""One file for each verb; each is imported when its verb is used, and says what the verb takes and shows."""

__all__: list[str] = []
