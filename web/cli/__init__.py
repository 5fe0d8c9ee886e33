"""The command line: one module a group of commands, all of them thin."""

from __future__ import annotations

import click

from web.cli.analysing import cameras, frames, gaps
from web.cli.database import database, doctor
from web.cli.importing import imports
from web.cli.planning import draw_map, patrols
from web.cli.serving import demo, serve


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lianfang")
def main() -> None:
    """Lianfang (联防): what the cameras really see, and where the patrols go."""


for command in (serve, demo, doctor, database, imports, cameras, frames, gaps, patrols, draw_map):
    main.add_command(command)
