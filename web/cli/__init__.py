"""The command line: one module a group of commands, all of them thin.

A command's module is imported when it is called: the solvers and kernels behind some of them take seconds
to load, and `lianfang db status` needs none.
"""

from __future__ import annotations

from importlib import import_module

import click

COMMANDS = {
    "serve": "web.cli.serving:serve",
    "demo": "web.cli.serving:demo",
    "doctor": "web.cli.database:doctor",
    "db": "web.cli.database:database",
    "import": "web.cli.importing:imports",
    "cameras": "web.cli.analysing:cameras",
    "frames": "web.cli.frames:frames",
    "recordings": "web.cli.recordings:recordings",
    "gaps": "web.cli.analysing:gaps",
    "alerts": "web.cli.alerts:alerts",
    "patrols": "web.cli.planning:patrols",
    "jobs": "web.cli.jobs:jobs",
    "map": "web.cli.drawing:draw_map",
    "report": "web.cli.reporting:report",
    "user": "web.cli.users:users",
}


class Commands(click.Group):
    """A group that knows its commands by name and imports the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, its module imported."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lianfang")
def main() -> None:
    """Lianfang (联防): what the cameras really see, and where the patrols go."""
