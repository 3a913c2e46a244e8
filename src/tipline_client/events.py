"""What hooks are told: one frozen value for each kind of happening, inside an `Event`."""

from tipline_client.delivery.events import *  # noqa: F403 - the names are listed there
from tipline_client.delivery.events import __all__  # noqa: F401 - the same names are public here
