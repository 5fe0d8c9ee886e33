"""What the README shows works: every command is run, every link leads somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from databases import another_database

from web.cli import COMMANDS, main

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf8")
LINES = [line.split("#")[0].strip() for line in re.findall(r"^lianfang .*$", README, re.MULTILINE)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("readme")


def test_the_readme_shows_commands():
    assert len(LINES) >= 5


@pytest.fixture(scope="module")
def copied(cluster, demo):
    """A copy of the demo's database, for commands that add to it."""
    demo.engine.dispose()
    with another_database(cluster, "lianfang_readme", copy_of="lianfang_demo") as urls:
        yield urls


@pytest.mark.parametrize("line", LINES)
def test_a_command_of_the_readme_runs(line, copied, folder, monkeypatch):
    """In the order shown, in one folder, against the demo's data."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("LIANFANG_DATABASE_URL", copied[0])
    monkeypatch.setenv("LIANFANG_OWNER_DATABASE_URL", copied[1])
    arguments = shlex.split(line)[1:]
    if arguments[:2] == ["patrols", "plan"]:
        arguments += ["--iterations", "20"]
    # In a process of its own: here every module is loaded already, which hides a missing import.
    program = Path(sys.executable).with_name("lianfang")
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    if "--out" in arguments:
        assert (folder / arguments[arguments.index("--out") + 1]).stat().st_size > 0


def test_the_two_commands_are_targets_of_the_makefile():
    makefile = (ROOT / "Makefile").read_text(encoding="utf8")
    for target in ("run", "test"):
        assert f"\nmake {target} " in README
        assert f"\n{target}:" in makefile


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))], ids=lambda p: p.name
)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#\s]+)\)", page.read_text(encoding="utf8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


def test_every_command_has_help_with_an_example():
    def commands(group, path):
        for name in group.list_commands(None):
            command = group.get_command(None, name)
            if hasattr(command, "list_commands"):
                yield from commands(command, (*path, name))
            else:
                yield (*path, name)

    found = list(commands(main, ()))
    assert len(found) >= 20
    assert len(COMMANDS) == 15
    for path in found:
        result = CliRunner().invoke(main, [*path, "--help"])
        assert result.exit_code == 0
        assert "Example:" in result.output, path
        assert "--json" in result.output, path
