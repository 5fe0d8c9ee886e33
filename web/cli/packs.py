"""`lianfang patrols pack | unpack | key | return | receive`: signed packs between two networks."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import click

from geo.db import transaction
from geo.errors import LianfangError, Sentence
from geo.scope import WHOLE_SITE
from geo.services import current_site
from patrols.repository import of_plan
from web.cli.common import PEER, author, command_options
from web.cli.duty import url_option
from web.database import open_database, var_dir
from web.duty.making import duty_of
from web.exports import complete
from web.i18n import LANGUAGES, Translator
from web.packs.keys import Keys, PublicKey, public_key
from web.packs.patrol import patrol_pack, read_patrol_pack
from web.packs.taking import take_in
from web.packs.visits import check_in_pack, read_check_in_pack, read_list
from web.tables import AuditEntry

there = click.Path(path_type=Path, exists=True, dir_okay=False)
key_option = click.option(
    "--key", "given", multiple=True, metavar="KEY", help="A public key to trust this once: ed25519:…"
)


def _trusted(given: tuple[str, ...]) -> list[PublicKey]:
    """Keys whose packs are taken: those of this machine, and those named."""
    return [*Keys(var_dir()).taken(), *(public_key(one) for one in given)]


@click.command("pack")
@click.argument("plan", type=int)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--draft", is_flag=True, help="Of a plan that is not published, too; its papers say so.")
@url_option
@command_options
def pack(plan: int, file: Path, draft: bool, url: str) -> dict[str, Any]:
    """Write a signed pack of a published plan, for a network of its own.

    Routes, stops, duty sheets, sign-in sheets, texts, calendars and a list to
    fill in, in Chinese and English; no camera, footprint, gap, cause or prize.
    It is signed with this machine's key (`lianfang patrols key`).

    Example: lianfang patrols pack 3 patrol-3.zip --url https://lianfang.example
    """
    if file.suffix.lower() != ".zip":
        raise click.BadParameter(f"{file.name}: a pack ends in .zip", param_hint="FILE")
    keys = Keys(var_dir())
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        zone = ZoneInfo(current_site(session).timezone)
        stored = of_plan.plan(session, plan)
        if stored is None:
            raise LianfangError(Sentence("plan %(plan)s is not stored", plan=plan))
        if stored["status"] != "published" and not draft:
            raise LianfangError(
                Sentence("plan %(plan)s is not published; publish it first, or give --draft", plan=plan)
            )
        spoken = {lang: duty_of(session, stored, Translator(lang, zone)) for lang in LANGUAGES}
    content = patrol_pack(spoken, zone, home=url, keys=keys)
    with complete(file) as unfinished:
        unfinished.write_bytes(content)
    click.echo(f"Wrote {file} ({len(content) / 1e6:.1f} MB), signed with {keys.own().fingerprint}.", err=True)
    return {"out": str(file), "bytes": len(content), "plan": plan, "key": keys.own().text}


@click.command("unpack")
@click.argument("file", type=there)
@click.option(
    "--to", type=click.Path(path_type=Path, file_okay=False), help="Write its files to this folder."
)
@key_option
@command_options
def unpack(file: Path, to: Path | None, given: tuple[str, ...]) -> dict[str, Any]:
    """Check a patrol pack's signature and every file in it, and unpack it.

    Without --to it is checked alone. Nothing is written of a pack that is cut off,
    changed, or signed with a key that is not trusted here.

    Example: lianfang patrols unpack patrol-3.zip --to patrol-3 --key ed25519:…
    """
    found = read_patrol_pack(file, _trusted(given))
    if to is not None:
        if to.exists() and any(to.iterdir()):
            raise LianfangError(Sentence("%(folder)s is not empty; name a new folder", folder=to))
        for name, content in found.pack.files.items():
            path = to / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    click.echo(
        f"{file.name} is whole and signed with {found.pack.signer.fingerprint}: plan {found.plan}, "
        f"{found.zone}, {len(found.teams)} teams, {len(found.visits)} visits, {len(found.pack.files)} files.",
        err=True,
    )
    return {
        "plan": found.plan,
        "zone": found.zone,
        "start": found.start.isoformat(),
        "end": found.end.isoformat(),
        "teams": len(found.teams),
        "visits": len(found.visits),
        "files": sorted(found.pack.files),
        "key": found.pack.signer.text,
        "to": str(to) if to else None,
    }


@click.command("key")
@click.option("--trust", nargs=2, metavar="NAME KEY", help="Take packs that are signed with KEY.")
@click.option("--forget", metavar="NAME", help="Take them no more.")
@command_options
def key(trust: tuple[str, str] | None, forget: str | None) -> dict[str, Any]:
    """The key that packs are signed with here, and those that are trusted.

    The key is made on first need and lies in keys/signing.pem of the program's
    folder, for its owner alone; only the public half is shown. Read the
    fingerprint out to the other side over another way than the pack takes.

    Example: lianfang patrols key --trust outer ed25519:…
    """
    keys = Keys(var_dir())
    if trust is not None:
        keys.trust(trust[0], public_key(trust[1]))
    if forget is not None:
        keys.forget(forget)
    own, trusted = keys.own(), keys.trusted()
    click.echo(f"This machine: {own.text} (fingerprint {own.fingerprint})", err=True)
    for name, one in trusted.items():
        click.echo(f"Trusted as {name}: {one.text} (fingerprint {one.fingerprint})", err=True)
    return {
        "key": own.text,
        "fingerprint": own.fingerprint,
        "trusted": {name: one.text for name, one in trusted.items()},
    }


@click.command("return")
@click.argument("pack_file", metavar="PACK", type=there)
@click.argument("filled", metavar="LIST", type=there)
@click.argument("file", type=click.Path(path_type=Path))
@key_option
@command_options
def give_back(pack_file: Path, filled: Path, file: Path, given: tuple[str, ...]) -> dict[str, Any]:
    """Make a signed pack of check-ins from a patrol pack and its filled list.

    LIST is the pack's check-ins.csv (or .xlsx) with the columns came, left, signer
    and note filled in; lines without a time of coming are left out.

    \b
    column   filled with                 heading in Chinese
    team     the team's number           队号
    stop     the stop's number           巡逻点
    came     when the team came, 18:04   到达
    left     when it left (optional)     离开
    signer   who signed (optional)       签到人
    note     anything else (optional)    备注

    Example: lianfang patrols return patrol-3.zip check-ins.csv back-3.zip
    """
    if file.suffix.lower() != ".zip":
        raise click.BadParameter(f"{file.name}: a pack ends in .zip", param_hint="FILE")
    patrol = read_patrol_pack(pack_file, _trusted(given))
    entries = read_list(filled, patrol, now=datetime.now(UTC))
    keys = Keys(var_dir())
    content = check_in_pack(patrol, entries, keys)
    with complete(file) as unfinished:
        unfinished.write_bytes(content)
    by = keys.own().fingerprint
    click.echo(f"Wrote {file}: {len(entries)} check-ins of plan {patrol.plan}, signed with {by}.", err=True)
    return {"out": str(file), "plan": patrol.plan, "check_ins": len(entries), "key": keys.own().text}


@click.command("receive")
@click.argument("file", type=there)
@key_option
@command_options
def receive(file: Path, given: tuple[str, ...]) -> dict[str, Any]:
    """Take in a signed pack of check-ins, beside the plan that it belongs to.

    Example: lianfang patrols receive back-3.zip
    """
    found = read_check_in_pack(file, _trusted(given))
    with open_database() as engine, transaction(engine, scope=WHOLE_SITE) as session:
        count = take_in(session, found, author=author(), now=datetime.now(UTC))
        session.add(
            AuditEntry(
                account_id=None,
                account_name=author(),
                event="add",
                subject=f"check-ins of plan {found.plan}",
                detail={"rows": count, "sha256": found.id},
                peer=PEER,
            )
        )
    click.echo(f"{count} check-ins of plan {found.plan} are taken in.", err=True)
    return {"plan": found.plan, "check_ins": count, "key": found.signer.text}
