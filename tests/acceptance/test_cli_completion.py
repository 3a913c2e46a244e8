"""Completion in shells: scripts that the shells take, and that know the verbs."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.acceptance.world import World

ASK = 'source "$1"; COMP_WORDS=(tipline "$2"); COMP_CWORD=1; _tipline; printf "%s\\n" "${COMPREPLY[@]}"'


def test_verb_completed_in_bash(bare_world: World, tmp_path: Path) -> None:
    """Bash itself is asked what a beginning may become."""
    script = tmp_path / "tipline.bash"
    script.write_text(bare_world.run("completion", "bash").out, encoding="utf-8")
    bash = shutil.which("bash")
    assert bash is not None

    asked = subprocess.run([bash, "-c", ASK, "bash", script, "rec"], check=True, capture_output=True, text=True)

    assert ["receipts"] == asked.stdout.split()


@pytest.mark.parametrize("shell", ["fish", "zsh"])
def test_script_of_another_shell(bare_world: World, shell: str) -> None:
    """Every verb and its options are in it, and the same comes as JSON."""
    ran = bare_world.run("completion", shell)

    assert 0 == ran.code
    assert all(word in ran.out for word in ("dead-letter", "requeue", "accept-checkpoint", "dispatch", "drain"))
    assert {"shell": shell, "script": ran.out} == bare_world.run("completion", shell, "--json").document


def test_shell_that_is_not_known(bare_world: World) -> None:
    """It is refused, and those that are known are named."""
    ran = bare_world.run("completion", "abacus")

    assert 2 == ran.code
    assert "zsh" in ran.err
