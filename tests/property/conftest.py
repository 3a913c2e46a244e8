"""How hard the property tests try: a hundred examples, no time limit for one, since the machine may be busy."""

from hypothesis import HealthCheck, settings

settings.register_profile("ci", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ci")
