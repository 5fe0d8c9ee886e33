"""Bringing an analysis up to date from its page, as a job."""

from __future__ import annotations

import pytest
from conftest import ServedSite
from small_site import OWN, SIBLING

from geo.errors import InputRefused
from web.access import Role
from web.jobs.bodies import updating


def test_what_is_asked_for_is_read_at_the_door():
    assert updating.order({"analysis": 7, "cameras": ["b", "a", "b"]}) == {
        "analysis": 7,
        "cameras": ["a", "b"],
    }
    for wrong in ([], [""], "abc", [str(n) for n in range(201)]):
        with pytest.raises(InputRefused, match=r"codes|name 1 to 200"):
            updating.order({"analysis": 7, "cameras": wrong})


def test_the_job_looks_again_at_the_cameras_named(monkeypatch):
    from cameras import services

    asked = []

    def revise(session, analysis, codes, *, author):
        asked.append((session, analysis, codes, author))
        return services.Revision(tuple(codes), (), 0, 0)

    monkeypatch.setattr(services, "revise", revise)

    class Tell:
        author = "officer"

        def __call__(self, *_):
            """Nobody listens."""

    outcome = updating.run(None, {"analysis": 7, "cameras": ["a"]}, Tell())  # type: ignore[arg-type]
    assert (outcome.url, asked) == ("/analyses/7", [(None, 7, ["a"], "officer")])


def test_cameras_outside_ones_area_are_not_known(served: ServedSite):
    site = served.site
    client = served.client(Role.AUDITOR, OWN)
    page = client.get(f"/analyses/{site.analysis}")
    assert page.status_code == 200
    refused = client.post(
        f"/analyses/{site.analysis}/update",
        data={"cameras": f"{site.cameras[OWN]} {site.cameras[SIBLING]}"},
    )
    assert refused.status_code == 422
    assert site.cameras[SIBLING] in refused.text
