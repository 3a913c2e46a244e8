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


def test_file_completed_in_bash(bare_world: World, tmp_path: Path) -> None:
    """Where no verb or option fits, bash goes on as it does without a script."""
    script = bare_world.run("completion", "bash").out
    bash = shutil.which("bash")
    assert bash is not None

    told = subprocess.run(
        [bash, "-c", f"{script}\ncomplete -p tipline"], check=True, capture_output=True, text=True, cwd=tmp_path
    )

    assert {"bashdefault", "default", "_tipline"} <= set(told.stdout.split())


def test_both_ways_of_zsh(bare_world: World, tmp_path: Path) -> None:
    """As a file of `fpath` it is called by name, as a script that is sourced it registers itself."""
    script = bare_world.run("completion", "zsh").out
    zsh = shutil.which("zsh")

    assert script.startswith("#compdef tipline\n")
    assert '"${funcstack[1]}" == _tipline' in script
    if zsh is not None:
        (tmp_path / "_tipline").write_text(script, encoding="utf-8")
        asked = "compdef() { print -r -- registered $@ }; _arguments() { print -r -- called }; "
        asked += 'source "$1/_tipline"; fpath=("$1"); autoload -U _tipline; _tipline'
        told = subprocess.run([zsh, "-f", "-c", asked, "zsh", tmp_path], check=True, capture_output=True, text=True)
        assert ["registered _cyclopts_tipline tipline", "called"] == told.stdout.splitlines()[:2]


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
