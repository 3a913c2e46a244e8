"""What the page on transactions prints for Django is run with a model and an outbox in the application's database."""

import subprocess
import sys
from pathlib import Path

from tests.docs.pages import ROOT, blocks

PAGE = ROOT / "docs" / "transactions.md"
EXAMPLE = ROOT / "examples" / "application" / "django_transaction.py"

PROGRAM = """
import runpy, sys
from tipline_client import TiplineClient
from tipline_client.mock import MockEndpoint

names = runpy.run_path(sys.argv[1], run_name="names")  # settings, the model and a report
outbox = f"sqlite://{names['DATABASE']}"
with names["connection"].schema_editor() as editor:
    editor.create_model(names["Decision"])
with MockEndpoint() as endpoint, TiplineClient.open("home", profile=endpoint.profile, outbox=outbox) as client:
    exec(sys.argv[2], names | {"client": client})
    print(names["Decision"].objects.count(), client.find("case-4711").state)
"""


def test_decision_in_django_on_the_page(tmp_path: Path) -> None:
    """Decision and report are there after it."""
    [shown] = [block for block in blocks(PAGE.read_text(encoding="utf-8")) if "django" in block.code]
    command = [sys.executable, "-W", "error", "-c", PROGRAM, str(EXAMPLE), shown.code]

    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    assert ("1 queued\n", "") == (ended.stdout, ended.stderr)
