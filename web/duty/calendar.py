"""Shifts for a calendar: iCalendar (RFC 5545), an event a team."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, timedelta

from icalendar import Alarm, Calendar, Event

from web.duty.content import Duty, Team
from web.duty.sheets import team_address
from web.duty.text import team_lines
from web.i18n import N_, Translator

REMINDED_BEFORE = timedelta(minutes=30)


def calendar(duty: Duty, t: Translator, *, home: str, teams: Sequence[Team] | None = None) -> bytes:
    """The shift of each team, from when it musters until it is back; of all without `teams`.

    A plan that is not published is tentative.
    """
    made = Calendar()
    made.add("prodid", "-//Lianfang//patrol plan//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    for team in duty.teams if teams is None else teams:
        made.add_component(_event(duty, team, t, home))
    return bytes(made.to_ical())


def _event(duty: Duty, team: Team, t: Translator, home: str) -> Event:
    event = Event()
    event.add("uid", f"plan-{duty.plan}-{duty.zone_code}-{team.code}@lianfang")
    event.add("dtstamp", duty.made_at.astimezone(UTC))
    event.add("dtstart", team.muster_at.astimezone(UTC))
    event.add("dtend", max(team.back_at, team.muster_at).astimezone(UTC))
    event.add("summary", t(N_("Patrol: %(team)s"), team=team.name))
    event.add("status", "TENTATIVE" if duty.draft else "CONFIRMED")
    event.add("location", t.joined([one for one in (team.start_place, team.village, duty.zone) if one]))
    event.add("geo", (round(team.start.y, 6), round(team.start.x, 6)))
    event.add("description", "\n".join(team_lines(duty, team, t)))
    event.add("url", team_address(duty, team, home))
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", t(N_("Patrol: %(team)s"), team=team.name))
    alarm.add("trigger", -REMINDED_BEFORE)
    event.add_component(alarm)
    return event
