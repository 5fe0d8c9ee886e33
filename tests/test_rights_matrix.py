"""Every address × method × role × jurisdiction, made from the running app's own map of addresses.

A new address without a rule keeps the app from starting; one with a rule but without a sample here fails
this test, so that nobody forgets to ask who may go there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import map_scene
import pytest
import small_site
from databases import another_database
from flask import Flask, url_for
from flask.testing import FlaskClient
from signing import app_on, signed_in_client
from small_site import CHILD, OWN, PARENT, SIBLING
from sqlalchemy import Engine, text
from werkzeug.routing import Rule

from geo.db import make_engine, transaction
from geo.scope import WHOLE_SITE
from geo.server import Cluster
from migrations import runner
from web.access import MAY, Action, Role, accounts, rules
from web.tiles import LAYERS

# Where the object of an address lies, seen from somebody whose only grant is in OWN.
INSIDE, OUTSIDE = (OWN, CHILD), (PARENT, SIBLING)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

Sample = Callable[["Things", str], dict[str, Any]]


@dataclass(frozen=True)
class Things:
    """The small site in a database of these tests' own, with a job and an account in each jurisdiction."""

    app: Flask
    engine: Engine
    site: small_site.SmallSite
    ids: dict[str, dict[str, int]]

    def client(self, role: Role, path: str) -> FlaskClient:
        """Somebody with one role in one jurisdiction."""
        return signed_in_client(self.app, self.engine, role, path)


# Ids of one thing of each kind by jurisdiction.
IDS = {
    "jurisdictions": "SELECT path::text, id FROM jurisdiction",
    "streets": "SELECT jurisdiction_path::text, id FROM road_edge",
    "places": "SELECT jurisdiction_path::text, id FROM place",
    "cameras": "SELECT jurisdiction_path::text, id FROM camera",
    "footprints": "SELECT jurisdiction_path::text, id FROM footprint",
    "siting": "SELECT jurisdiction_path::text, id FROM siting_camera",
    "gaps": "SELECT jurisdiction_path::text, id FROM gap",
    "zones": "SELECT jurisdiction_path::text, zone_id FROM zone_member",
    "routes": """SELECT t.jurisdiction_path::text, v.id FROM plan_visit v JOIN team t ON t.id = v.team_id
                 JOIN plan p ON p.id = v.plan_id WHERE p.status = 'published'""",
    "jobs": "SELECT jurisdiction_path::text, id FROM job_run",
    "alerts": "SELECT jurisdiction_path::text, id FROM alert",
    "sitings": "SELECT jurisdiction_path::text, id FROM siting_proposal",
    "findings": "SELECT jurisdiction_path::text, id FROM audit_finding",
    "maintenance": "SELECT jurisdiction_path::text, id FROM maintenance",
    "proposals": """SELECT c.jurisdiction_path::text, p.id
                    FROM camera_proposal p JOIN camera c ON c.id = p.camera_id""",
    "samples": "SELECT jurisdiction_path::text, id FROM sample_sheet",
}

NOT_ON_MAP = ("alerts", "jobs", "sitings", "findings", "maintenance", "proposals", "samples")


def of_code(things: Things, path: str) -> dict[str, Any]:
    return {"code": things.site.zones[path]}


def of_zone_code(things: Things, path: str) -> dict[str, Any]:
    return {"zone_code": things.site.zones[path]}


def of_team_code(things: Things, path: str) -> dict[str, Any]:
    return of_zone_code(things, path) | {"code": f"team-{things.ids['zones'][path]}"}


def of_roster(things: Things, path: str, status: str = "draft") -> dict[str, Any]:
    """One of its own, since a draft goes when somebody may remove it."""
    values = {"zone": things.ids["zones"][path], "status": status}
    with transaction(things.engine, scope=WHOLE_SITE) as session:
        return {"number": session.scalar(text(ROSTER), values)}


def of_published_roster(things: Things, path: str) -> dict[str, Any]:
    return of_roster(things, path, "published")


def of_plan(things: Things, path: str) -> dict[str, Any]:
    return {"number": things.site.published[path]}


def of_draft(things: Things, path: str) -> dict[str, Any]:
    return {"number": things.site.drafts[path]}


def of_own_draft(things: Things, path: str) -> dict[str, Any]:
    """A copy of the draft, since it goes when somebody may remove it."""
    copy = """INSERT INTO plan SELECT (jsonb_populate_record(p, jsonb_build_object('id', n.id))).*
              FROM plan p, (SELECT max(id) + 1 AS id FROM plan) n WHERE p.id = :plan RETURNING id"""
    with transaction(things.engine, scope=WHOLE_SITE) as session:
        return {"number": session.scalar(text(copy), {"plan": things.site.drafts[path]})}


def of_job(things: Things, path: str) -> dict[str, Any]:
    return {"number": things.ids["jobs"][path]}


def of_siting(things: Things, path: str) -> dict[str, Any]:
    return {"number": things.ids["sitings"][path]}


def of_own_siting(things: Things, path: str) -> dict[str, Any]:
    """A copy, since it goes when somebody may remove it."""
    copy = """INSERT INTO siting_proposal SELECT (jsonb_populate_record(p, jsonb_build_object('id', n.id))).*
              FROM siting_proposal p, (SELECT max(id) + 1 AS id FROM siting_proposal) n
              WHERE p.id = :siting RETURNING id"""
    with transaction(things.engine, scope=WHOLE_SITE) as session:
        return {"number": session.scalar(text(copy), {"siting": things.ids["sitings"][path]})}


def of_alert(things: Things, path: str) -> dict[str, Any]:
    return {"number": things.ids["alerts"][path]}


def of_finding(things: Things, path: str) -> dict[str, Any]:
    return {"number": things.ids["findings"][path]}


def of_deed(deed: str) -> Sample:
    return lambda things, path: {**of_finding(things, path), "deed": deed}


def of_proposal(things: Things, path: str) -> dict[str, Any]:
    return {"number": things.ids["proposals"][path], "deed": "accept"}


def of_sample(things: Things, path: str) -> dict[str, Any]:
    return {"number": things.ids["samples"][path]}


def of_duty(things: Things, path: str) -> dict[str, Any]:
    return {"code": f"duty-{path.replace('.', '-')}"}


def of_account(things: Things, path: str) -> dict[str, Any]:
    return {"name": person(path)}


def of_layer(layer: str) -> Sample:
    return lambda things, path: {"layer": layer, "number": things.ids[layer][path]}


def person(path: str) -> str:
    return f"person-{path.replace('.', '-')}"


# Arguments of an address for an object of one jurisdiction; several where one address serves several kinds.
SAMPLES: dict[str, tuple[Sample, ...]] = {
    "jurisdictions.record": (lambda things, path: {"path": path},),
    **{
        f"trial.{name}": (lambda things, path: {"code": things.site.cameras[path]},)
        for name in ("break_camera", "turn_camera", "seen")
    },
    "trial.re_aims": (lambda things, path: {"path": path},),
    "cameras.record": (lambda things, path: {"code": things.site.cameras[path]},),
    "siting.record": (of_siting,),
    "siting.remove": (of_own_siting,),
    "alerts.record": (of_alert,),
    "alerts.acknowledge": (of_alert,),
    "gaps.record": (lambda things, path: {"number": things.site.gaps[path]},),
    **{f"fixed_duties.{name}": (of_duty,) for name in ("record", "change")},
    "zones.record": (of_code,),
    **{f"zonerule.{name}": (of_code,) for name in ("edit", "change")},
    **{f"ground.{name}": (of_code,) for name in ("page", "findings", "propose", "add", "mark")},
    **{f"zone_villages.{name}": (of_code,) for name in ("edit", "change")},
    "ground.change": (lambda things, path: {**of_code(things, path), "number": 1},),
    **{
        f"rosters.{name}": (of_roster,)
        for name in ("swap", "mark", "lead", "again", "undo", "publish", "withdraw", "remove")
    },
    "rosters.record": (of_published_roster,),
    "rosters.file": (lambda things, path: {**of_published_roster(things, path), "ending": ".xlsx"},),
    "teams.new": (of_zone_code,),
    "teams.add": (of_zone_code,),
    "teams.end": (of_zone_code,),
    "teams.record": (of_team_code,),
    "teams.change": (of_team_code,),
    "plans.record": (of_plan,),
    "plans.approve": (of_plan,),
    "plans.again": (of_plan,),
    "plans.begin_again": (of_plan,),
    **{f"plans.{name}": (of_plan,) for name in ("going_on", "go_on", "replace")},
    **{f"plans.{name}": (of_draft,) for name in ("by_hand", "try_change", "keep", "around")},
    "plans.publish": (of_plan,),
    "plans.name_leader": (of_plan,),
    "plans.remove": (of_own_draft,),
    "plans.withdraw": (of_draft,),
    "duty.papers": (of_plan,),
    "duty.file": (lambda things, path: {**of_plan(things, path), "ending": ".gpx"},),
    "duty.team": (lambda things, path: {**of_plan(things, path), "team": 1},),
    "duty.team_file": (lambda things, path: {**of_plan(things, path), "team": 1, "ending": ".gpx"},),
    "duty.sign_in": (of_plan,),
    **{f"duty.{name}": (of_plan,) for name in ("pack", "hand_in")},
    **{f"duty.{name}": (of_plan,) for name in ("check_ins", "enter_check_ins", "take_back", "done_card")},
    "map.plan": (of_plan,),
    "map.card": tuple(of_layer(layer) for layer in IDS if layer not in NOT_ON_MAP),
    **{
        f"thresholds.{name}": (lambda things, path: {"code": things.site.cameras[path]},)
        for name in ("record", "change")
    },
    "checks.record": (of_finding,),
    "checks.act": tuple(of_deed(deed) for deed in ("accept", "assign", "close", "reopen")),
    "checks.withdraw": (lambda things, path: {"number": things.ids["maintenance"][path]},),
    **{
        f"mending.{name}": (lambda things, path: {"code": things.site.cameras[path]},)
        for name in ("edit", "propose_one", "pole", "propose_at_pole", "presets", "propose_other_presets")
    },
    **{f"mending.{name}": (of_proposal,) for name in ("record", "photo", "review")},
    **{f"samples.{name}": (of_sample,) for name in ("record", "judge", "sign", "printed", "content")},
    "jobs.record": (of_job,),
    "jobs.progress": (of_job,),
    "jobs.cancel": (of_job,),
    "jobs.retry": (of_job,),
    **{
        f"accounts.{name}": (of_account,)
        for name in ("account", "grant", "link", "revoke", "revoke_token", "set_active", "sign_out")
    },
}
# Addresses whose arguments are no object of a jurisdiction: only roles are tried.
ANY_ARGUMENTS: dict[str, tuple[dict[str, Any], ...]] = {
    "static": ({"filename": "site.css"},),
    **{f"calendars.{name}": ({"code": "x"},) for name in ("record", "change")},
    "signing.link": ({"key": "x"},),
    "signing.accept": ({"key": "x"},),
    "analyses.record": ({"number": 1},),
    "checks.assessed_list": ({"number": 1},),
    "analyses.remove": ({"number": 1},),
    "analyses.update": ({"number": 1},),
    "comparing.choose": ({"number": 1},),
    "comparing.compared": tuple(
        {"number": 1, "other": 1, "part": part} for part in ("gaps", "shares", "cameras")
    ),
    **{f"imports.{name}": ({"token": "x"},) for name in ("columns", "say", "check", "begin")},
    "imports.record": ({"number": 1},),
    "reports.record": ({"monday": "2026-11-16"},),
    "sources.record": ({"number": 1},),
    "stills.still": ({"number": 1},),
    "sources.refused": ({"number": 1, "sha256": "ab"},),
    "start.result": ({"number": 1},),
    "start.result_file": ({"number": 1, "name": "map.html"},),
    "imports.undo": ({"number": 1},),
    "basemap.archive": ({"version": "x"},),
    "map.script": ({"digest": "x"},),
    "settings.change": ({"group": "analysis"},),
    "settings.reset": ({"group": "analysis"},),
    "tiles.tile": tuple({"layer": layer, "z": 14, "x": 13498, "y": 7102} for layer in LAYERS),
}
FINDING = """
INSERT INTO audit_finding (kind, subject, severity, state, evidence, mark, code, found_at, seen_at,
                           changed_at, geom, jurisdiction_path)
SELECT 'no_height', code, 'minor', 'open', '{"text": "Home", "values": {}}', '', code, now(), now(), now(),
       geom, CAST(:path AS ltree) FROM camera WHERE code = :code"""
ALERT = """
INSERT INTO alert (planned, cause, reasons, street_mm, places, open_days, days, since_at, first_seen_at,
                   last_seen_at, geom, jurisdiction_path)
SELECT false, 'outage', '["lost"]', 82000, 0, 0, 3, now(), now(), now(), geom, CAST(:path AS ltree)
FROM camera WHERE code = :code"""
ROSTER = """
INSERT INTO roster (zone_id, days, status, document, author)
SELECT :zone, '[2027-01-01,2027-01-02)', :status, jsonb_build_object(
    'days', '["2027-01-01"]'::jsonb,
    'slots', '[{"from": "18:00", "to": "22:00", "teams": 1, "villages": 0}]'::jsonb,
    'rest_h', 8, 'leaders', '[]'::jsonb,
    'teams', jsonb_build_object(t.code, '{"name": "x", "name_en": "x", "village": null,
                                          "village_name": null, "village_name_en": null}'::jsonb),
    'turns', jsonb_build_array(jsonb_build_object(
        'day', 0, 'slot', 0, 'teams', jsonb_build_array(t.code), 'village', null, 'leader', '',
        'can', jsonb_build_array(t.code), 'fixed', '[]'::jsonb, 'forbidden', '[]'::jsonb)),
    'repeats', 0, 'spread', '{"all": 0}'::jsonb, 'proven', true), 'test'
FROM team t WHERE t.zone_id = :zone AND upper_inf(t.valid) ORDER BY t.code LIMIT 1 RETURNING id"""
DUTY = """
INSERT INTO fixed_duty (code, name, kind, stay_s, required, prize, geom, jurisdiction_path, author, batch_id,
                        valid)
SELECT :duty, 'x', 'other', 360, false, 5, geom, CAST(:path AS ltree), 'test', batch_id,
       '[2020-01-01 00:00+00,)'
FROM camera WHERE code = :code"""
PROPOSED = """
INSERT INTO siting_camera (proposal_id, rank, kind, spot, azimuth_deg, street_mm, places, weight_mm, seen_mm,
                           seen_places, share, geom, seen, jurisdiction_path)
SELECT p.id, 1, 'new', 'pole', 90, 0, 0, 0, 0, 0, 0, c.geom, c.geom, p.jurisdiction_path
FROM siting_proposal p, camera c WHERE p.jurisdiction_path = CAST(:path AS ltree) AND c.code = :code"""
PROPOSAL = """
INSERT INTO camera_proposal (camera_id, code, author, origin, before, after, photo)
SELECT id, code, 'test', 'page', '{}', '{}', 'x' FROM camera WHERE code = :code"""
SAMPLE = """
WITH sheet AS (
    INSERT INTO sample_sheet (author, seed, drawn, drawn_from, jurisdiction_path)
    VALUES ('test', 1, 1, '{"area": "x", "path": "x", "cameras": 1, "sha256": "x"}', CAST(:path AS ltree))
    RETURNING id)
INSERT INTO sampled_camera (sheet_id, rank, code, record)
SELECT id, 1, :code, '{"name": "x", "azimuth_deg": null, "azimuth_quality": "unknown", "lon": 0, "lat": 0}'
FROM sheet"""
# They end what the test stands on, and have tests of their own.
LEFT_OUT = frozenset({"signing.sign_out", "profile.sign_out", "profile.password"})
# They take no cookie (`tests/test_frames_api.py`), and the clients here have nothing else.
BY_TOKEN = frozenset({"api.deliver"})


@pytest.fixture(scope="module")
def things(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Things]:
    map_scene.compiled_catalogues()
    with another_database(cluster, "lianfang_matrix") as (app_url, owner_url):
        runner.upgrade(owner_url)
        engine = make_engine(app_url)
        with transaction(engine, scope=WHOLE_SITE) as session:
            site = small_site.fill(session)
            for path in small_site.PATHS:
                session.execute(
                    text(
                        """INSERT INTO job_run (kind, title, arguments, author, jurisdiction_path, status,
                                                result, finished_at)
                           VALUES ('analysis', CAST(:words AS jsonb), '{}', 'test', CAST(:path AS ltree),
                                   'done', jsonb_build_object('url', null, 'summary', CAST(:words AS jsonb),
                                                              'details', '{}'::jsonb), now())"""
                    ),
                    {"path": path, "words": '{"text": "Home", "values": {}}'},
                )
                session.execute(
                    text(
                        """INSERT INTO siting_proposal (level, asked, status, bound_by, before_mm, value_mm,
                                                        bound_mm, greedy_mm, totals, parameters,
                                                        input_revision, code_version, author,
                                                        jurisdiction_path)
                           VALUES ('observe', 1, 'optimal', 'all', 0, 0, 0, 0,
                                   '{"gap_mm": 0, "seen_mm": 0, "street_mm": 0, "seen_places": 0, "places": 0,
                                     "spots": 0, "spots_left_out": 0, "candidates": 0, "piece_m": 5}',
                                   '{"place_weight_m": 75}', 'r', 'v', 'test', CAST(:path AS ltree))"""
                    ),
                    {"path": path},
                )
                session.execute(text(PROPOSED), {"path": path, "code": site.cameras[path]})
                session.execute(text(PROPOSAL), {"code": site.cameras[path]})
                session.execute(text(SAMPLE), {"path": path, "code": site.cameras[path]})
                session.execute(text(ALERT), {"path": path, "code": site.cameras[path]})
                session.execute(text(FINDING), {"path": path, "code": site.cameras[path]})
                session.execute(
                    text(DUTY),
                    {"duty": f"duty-{path.replace('.', '-')}", "path": path, "code": site.cameras[path]},
                )
                session.execute(
                    text(
                        """WITH planned AS (
                               INSERT INTO maintenance (period, reason, author, jurisdiction_path)
                               VALUES ('[2026-11-22,2099-01-01)', 'x', 'test', CAST(:path AS ltree))
                               RETURNING id)
                           INSERT INTO maintenance_camera (maintenance_id, code, jurisdiction_path)
                           SELECT id, :code, CAST(:path AS ltree) FROM planned"""
                    ),
                    {"path": path, "code": site.cameras[path]},
                )
                account = accounts.add_account(session, person(path), author="test")
                accounts.grant(session, account, Role.VIEWER, path, author="test", within=WHOLE_SITE)
            session.flush()
            ids = {kind: dict(session.execute(text(sql)).tuples().all()) for kind, sql in IDS.items()}
        yield Things(app_on(engine, tmp_path_factory.mktemp("matrix")), engine, site, ids)
        engine.dispose()


@pytest.fixture
def app(things: Things) -> Flask:
    return things.app


def addresses(app: Flask) -> Iterator[tuple[Rule, str]]:
    """(rule, method) of all that the app answers, HEAD and OPTIONS apart."""
    for rule in app.url_map.iter_rules():
        for method in sorted(set(rule.methods or ()) & set(METHODS)):
            yield rule, method


def address(app: Flask, rule: Rule, arguments: dict[str, Any]) -> str:
    with app.test_request_context():
        return url_for(rule.endpoint, **{k: v for k, v in arguments.items() if k in rule.arguments})


def tries(things: Things, rule: Rule, path: str) -> list[dict[str, Any]]:
    """Arguments to try an address with; for one without arguments an empty one."""
    if rule.endpoint in SAMPLES:
        return [sample(things, path) for sample in SAMPLES[rule.endpoint]]
    return list(ANY_ARGUMENTS.get(rule.endpoint, ({},)))


def test_every_address_with_arguments_has_a_sample(app: Flask) -> None:
    """Named, so that the missing one is written."""
    known = set(SAMPLES) | set(ANY_ARGUMENTS)
    missing = {rule.endpoint for rule, _ in addresses(app) if rule.arguments and rule.endpoint not in known}
    assert not missing, f"give samples for {sorted(missing)}"
    gone = known - {rule.endpoint for rule, _ in addresses(app)}
    assert not gone, f"take out the samples of {sorted(gone)}"


@pytest.mark.parametrize("role", list(Role))
def test_a_role_reaches_what_its_row_of_the_table_says(app: Flask, things: Things, role: Role) -> None:
    """Allowed: neither 401 nor 403, and objects of one's own and child jurisdictions are found, those of the
    parent and of siblings are not. Not allowed: 403, whatever the object."""
    client = things.client(role, OWN)
    wrong = []
    for rule, method in addresses(app):
        if rule.endpoint in LEFT_OUT | BY_TOKEN:
            continue
        for path in (*INSIDE, *OUTSIDE) if rule.endpoint in SAMPLES else (None,):
            for arguments in tries(things, rule, path or OWN):
                action = rules.action_of(app, rule.endpoint, arguments)
                status = _ask(client, method, address(app, rule, arguments))
                fault = _fault(role, action, path, status)
                if fault:
                    wrong.append(f"{method} {rule.rule} {arguments} as {role} at {path}: {status}, {fault}")
    assert not wrong, "\n".join(wrong)


def _ask(client: FlaskClient, method: str, url: str) -> int:
    return client.open(url, method=method).status_code


def _fault(role: Role, action: Action, path: str | None, status: int) -> str:
    """What is wrong with an answer, or an empty text."""
    allowed = action in (Action.PUBLIC, Action.PROFILE_OWN) or role in MAY[action]
    if status >= 500 and status != 503:
        return "the server failed"
    if not allowed:
        return "" if status == 403 else "expected 403"
    if path in OUTSIDE:
        return "" if status == 404 else "expected 404: it lies outside"
    if action is not Action.PUBLIC and status in (401, 403):
        return "expected to be let in"
    if path in INSIDE and status == 404:
        return "expected to be found: it lies inside"
    return ""


def test_nobody_reaches_only_what_is_public(app: Flask, things: Things) -> None:
    """Everything else leads to the sign-in page, or says 401 to programs."""
    client = app.test_client()
    wrong = []
    for rule, method in addresses(app):
        for arguments in tries(things, rule, OWN):
            if rules.action_of(app, rule.endpoint, arguments) is Action.PUBLIC:
                continue
            answer = client.open(address(app, rule, arguments), method=method)
            sent_away = answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in")
            if not sent_away and answer.status_code != 401:
                wrong.append(f"{method} {rule.rule}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_a_grant_elsewhere_opens_nothing_here(app: Flask, things: Things) -> None:
    """Even the administrator of the sibling town finds no object of this one."""
    client = things.client(Role.ADMINISTRATOR, SIBLING)
    wrong = []
    for rule, method in addresses(app):
        if rule.endpoint not in SAMPLES or rule.endpoint in LEFT_OUT:
            continue
        for path in (OWN, CHILD, PARENT):
            for arguments in tries(things, rule, path):
                status = _ask(client, method, address(app, rule, arguments))
                if status != 404:
                    wrong.append(f"{method} {rule.rule} {arguments} at {path}: {status}")
    assert not wrong, "\n".join(wrong)


def test_the_site_of_these_tests_has_objects_everywhere(things: Things) -> None:
    """Otherwise a 404 would prove nothing."""
    paths = set(small_site.PATHS)
    assert paths == set(things.site.cameras) == set(things.site.gaps) == set(things.site.zones)
    assert all(paths == set(found) for found in things.ids.values())
