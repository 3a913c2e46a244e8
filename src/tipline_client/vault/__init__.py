"""At rest: the keys of submissions, what wraps them, and the bytes and files that are sealed with them.

Nothing here knows what is sealed, or where it is kept.
"""
