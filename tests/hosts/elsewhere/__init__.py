"""A small Django project written elsewhere. Its tests are Django's own, and run in a process of their own."""
