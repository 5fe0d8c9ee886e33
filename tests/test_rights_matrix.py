"""Every address × method × role × jurisdiction, made from the running app's own map of addresses.

A new address without a rule keeps the app from starting; one with a rule but without a sample here fails
this test, so that nobody forgets to ask who may go there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import small_site
from flask import Flask, url_for
from flask.testing import FlaskClient
from signing import app_on, signed_in_client
from small_site import CHILD, OWN, PARENT, SIBLING
from werkzeug.routing import Rule

from web.access import MAY, Action, Role, rules

# Where the object of an address lies, seen from somebody whose only grant is in OWN.
INSIDE, OUTSIDE = (OWN, CHILD), (PARENT, SIBLING)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

# Arguments of an address for an object of one jurisdiction. An address whose arguments are no object of a
# jurisdiction has None: only roles are tried.
Sample = Callable[[Any, str], dict[str, Any]]
SAMPLES: dict[str, Sample | None] = {
    "static": None,
    "signing.link": None,
    "signing.accept": None,
    "jurisdictions.record": lambda site, path: {"path": path},
    "cameras.record": lambda site, path: {"code": site.cameras[path]},
    "gaps.record": lambda site, path: {"number": site.gaps[path]},
    "analyses.record": None,
    "basemap.archive": None,
}
ANY_ARGUMENTS: dict[str, dict[str, Any]] = {
    "static": {"filename": "site.css"},
    "signing.link": {"key": "x"},
    "signing.accept": {"key": "x"},
    "analyses.record": {"number": 1},
    "basemap.archive": {"version": "x"},
}


@pytest.fixture(scope="module")
def app(served) -> Flask:
    return app_on(served.engine, Path("unused"))


def addresses(app: Flask) -> Iterator[tuple[Rule, str]]:
    """(rule, method) of all that the app answers, HEAD and OPTIONS apart."""
    for rule in app.url_map.iter_rules():
        for method in sorted(set(rule.methods or ()) & set(METHODS)):
            yield rule, method


def address(app: Flask, rule: Rule, arguments: dict[str, Any]) -> str:
    with app.test_request_context():
        return url_for(rule.endpoint, **{k: v for k, v in arguments.items() if k in rule.arguments})


def test_every_address_with_arguments_has_a_sample(app: Flask) -> None:
    """Named, so that the missing one is written."""
    known = set(SAMPLES)
    missing = {rule.endpoint for rule, _ in addresses(app) if rule.arguments and rule.endpoint not in known}
    assert not missing, f"give samples for {sorted(missing)}"
    gone = known - {rule.endpoint for rule, _ in addresses(app)}
    assert not gone, f"take out the samples of {sorted(gone)}"


@pytest.mark.parametrize("role", list(Role))
def test_a_role_reaches_what_its_row_of_the_table_says(app: Flask, served, role: Role) -> None:
    """Allowed: neither 401 nor 403, and objects of one's own and child jurisdictions are found, those of the
    parent and of siblings are not. Not allowed: 403, whatever the object."""
    client = signed_in_client(app, served.engine, role, OWN)
    wrong = []
    for rule, method in addresses(app):
        sample = SAMPLES.get(rule.endpoint)
        tries: list[tuple[dict[str, Any], str | None]]
        if sample is None:
            tries = [(ANY_ARGUMENTS.get(rule.endpoint, {}), None)]
        else:
            tries = [(sample(served.site, path), path) for path in (*INSIDE, *OUTSIDE)]
        for arguments, path in tries:
            action = rules.action_of(app, rule.endpoint, arguments)
            if action is Action.PROFILE_OWN and rule.endpoint == "signing.sign_out":
                continue  # would end the client; tested in test_access
            status = _ask(client, method, address(app, rule, arguments))
            fault = _fault(role, action, path, status)
            if fault:
                wrong.append(f"{method} {rule.rule} as {role} at {path}: {status}, {fault}")
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


def test_nobody_reaches_only_what_is_public(app: Flask, served) -> None:
    """Everything else leads to the sign-in page, or says 401 to programs."""
    client = app.test_client()
    wrong = []
    for rule, method in addresses(app):
        sample = SAMPLES.get(rule.endpoint)
        arguments = sample(served.site, OWN) if sample else ANY_ARGUMENTS.get(rule.endpoint, {})
        action = rules.action_of(app, rule.endpoint, arguments)
        answer = client.open(address(app, rule, arguments), method=method)
        if action is Action.PUBLIC:
            continue
        sent_away = answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in")
        if not sent_away and answer.status_code != 401:
            wrong.append(f"{method} {rule.rule}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_a_grant_elsewhere_opens_nothing_here(app: Flask, served) -> None:
    """A planner of the sibling town finds no object of this one, though the role allows the action."""
    client = signed_in_client(app, served.engine, Role.ADMINISTRATOR, SIBLING)
    wrong = []
    for rule, method in addresses(app):
        sample = SAMPLES.get(rule.endpoint)
        if sample is None:
            continue
        for path in (OWN, CHILD, PARENT):
            status = _ask(client, method, address(app, rule, sample(served.site, path)))
            if status != 404:
                wrong.append(f"{method} {rule.rule} at {path}: {status}")
        inside = _ask(client, method, address(app, rule, sample(served.site, SIBLING)))
        if inside in (401, 403, 404) or inside >= 500:
            wrong.append(f"{method} {rule.rule} at {SIBLING}: {inside}")
    assert not wrong, "\n".join(wrong)


def test_the_site_of_these_tests_has_objects_everywhere(served) -> None:
    """Otherwise a 404 would prove nothing."""
    assert (
        set(small_site.PATHS) == set(served.site.cameras) == set(served.site.gaps) == set(served.site.zones)
    )
