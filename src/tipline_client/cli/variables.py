"""Which variables of the environment the command reads. Whose value wins is for `settings`."""

from collections.abc import Mapping

__all__ = ["CONFIG_VARIABLE", "VARIABLES", "VARIABLE_NAMES"]

VARIABLES: Mapping[str, str] = {
    "home": "TIPLINE_HOME",
    "outbox": "TIPLINE_OUTBOX",
    "outbox_file": "TIPLINE_OUTBOX_FILE",
    "evidence": "TIPLINE_EVIDENCE",
    "keep_free": "TIPLINE_KEEP_FREE",
    "endpoint": "TIPLINE_ENDPOINT",
    "username": "TIPLINE_USERNAME",
    "password": "TIPLINE_PASSWORD",
    "password_file": "TIPLINE_PASSWORD_FILE",
    "registered_esp": "TIPLINE_REGISTERED_ESP",
    "slots": "TIPLINE_SLOTS",
    "file_within": "TIPLINE_FILE_WITHIN",
    "warn_before": "TIPLINE_WARN_BEFORE",
    "regimes": "TIPLINE_REGIMES",
    "actor": "TIPLINE_ACTOR",
    "reads_content": "TIPLINE_READS_CONTENT",
    "master_key": "TIPLINE_MASTER_KEY",
    "master_key_file": "TIPLINE_MASTER_KEY_FILE",
    "key_provider": "TIPLINE_KEY_PROVIDER",
}
"""Setting to environment variable."""

CONFIG_VARIABLE = "TIPLINE_CONFIG"
"""Names the configuration file itself."""

VARIABLE_NAMES: tuple[str, ...] = (*VARIABLES.values(), CONFIG_VARIABLE)
"""All of them."""
