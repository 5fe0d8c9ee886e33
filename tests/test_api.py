"""The API: tables for programs, by token, described by OpenAPI."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from signing import make_account
from small_site import CHILD, OWN, SIBLING

from geo.db import transaction
from geo.scope import WHOLE_SITE
from web.access import Action, Role, accounts, tokens

READABLE = (Action.FIGURES_VIEW, Action.CAMERAS_VIEW, Action.GAPS_VIEW, Action.ZONES_VIEW, Action.PLANS_VIEW)


@pytest.fixture(scope="module")
def token(served) -> dict[str, str]:
    """The header of an auditor's token for one town."""
    make_account(served.engine, "api-auditor", (Role.AUDITOR, None))
    with transaction(served.engine, scope=WHOLE_SITE) as session:
        owner = accounts.access_of(session, accounts.account_named(session, "api-auditor"))
        _, key = tokens.make_token(
            session, owner, title="test", actions=READABLE, path=OWN, days=1, now=datetime.now(UTC)
        )
    return {"Authorization": f"Bearer {key}"}


def test_a_token_reads_its_own_town_and_no_other(served, token: dict[str, str]) -> None:
    """Cameras, gaps, jurisdictions, zones, published plans of the town and its village."""
    client = served.app.test_client()

    def items(name: str) -> list[dict]:
        answer = client.get(f"/api/v1/{name}", headers=token)
        assert answer.status_code == 200, answer.text
        return answer.get_json()["items"]

    site = served.site
    assert {one["code"] for one in items("cameras")} == {site.cameras[OWN], site.cameras[CHILD]}
    assert {one["id"] for one in items("gaps")} == {site.gaps[OWN], site.gaps[CHILD]}
    assert {one["code"] for one in items("zones")} == {site.zones[OWN], site.zones[CHILD]}
    plans = {one["id"] for one in items("plans")}
    assert site.published[OWN] in plans and site.published[SIBLING] not in plans
    assert not plans & set(site.drafts.values()), "an auditor sees no drafts"
    assert [one["name"] for one in items("jurisdictions?lang=en")] == ["Qianpu"]
    (below,) = items(f"jurisdictions?under={OWN}")
    assert below["certain"] == pytest.approx(10 / 24, abs=1e-4) and below["length_m"] == 82


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("cameras?page=0", 422, ""),
        ("cameras?size=7", 422, "size 7"),
        ("cameras?page=99", 404, ""),
        ("cameras?online_min=much", 422, "much"),
        ("gaps?list=other", 422, "other"),
        ("jurisdictions?under=c'--", 422, "no path"),
        ("nothing", 404, ""),
    ],
)
def test_a_wrong_question_is_refused_as_problem_json(
    served, token: dict[str, str], address: str, status: int, words: str
) -> None:
    """RFC 9457, with the sentence."""
    answer = served.app.test_client().get(f"/api/v1/{address}", headers=token)
    assert answer.status_code == status and answer.mimetype == "application/problem+json"
    problem = answer.get_json(force=True)
    assert problem["status"] == status and words in str(problem)


def test_without_a_token_there_is_no_answer(served) -> None:
    """401 and how to ask."""
    answer = served.app.test_client().get("/api/v1/cameras")
    assert answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_document_describes_every_address(served) -> None:
    """OpenAPI 3, every path of the API in it, and no address outside."""
    document = served.app.test_client().get("/api/openapi.json").get_json()
    assert document["openapi"].startswith("3.")
    routes = {str(rule) for rule in served.app.url_map.iter_rules() if str(rule).startswith("/api/v1/")}
    assert set(document["paths"]) == routes
    # The server names itself as it was asked; nothing else lies outside.
    rest = str({name: part for name, part in document.items() if name != "servers"})
    assert "http://" not in rest and "https://" not in rest
