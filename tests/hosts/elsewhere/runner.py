"""How the project's tests are run, as the page on Django shows it."""

from typing import Any

from django.test.runner import DiscoverRunner

import tipline_client.django


class Runner(DiscoverRunner):
    """Named by the setting `TEST_RUNNER`."""

    def teardown_databases(self, old_config: Any, **kwargs: Any) -> None:
        """Drop the test databases, which nobody may use then."""
        tipline_client.django.close()
        super().teardown_databases(old_config, **kwargs)
