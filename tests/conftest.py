"""What holds for all tests."""

from hypothesis import HealthCheck, settings

# Tests run on shared and busy machines: a deadline would measure the machine. Speed is counted elsewhere, in calls.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("default")
