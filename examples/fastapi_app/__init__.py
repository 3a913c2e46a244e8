"""A small moderation backend: decisions come in over HTTP, their reports are filed, and a webhook is told.

    python -m examples.fastapi_app --mock

It runs against a mock endpoint on this machine, makes the folder `fastapi-app-home` where it is started, and files
nothing.
The folder can be copied into a program of yours as it is.
"""
