"""A plan as a text to paste into a chat group."""

from __future__ import annotations

from web.duty.content import Duty, Stop, Team
from web.i18n import N_, Translator
from web.maps.words import MODES
from web.teamwords import clock_span


def plan_text(duty: Duty, t: Translator) -> str:
    """The whole plan, a part a team, without markup; the last line has no end."""
    head = [t(N_("Patrol of %(zone)s"), zone=duty.zone), t.span(duty.start, duty.end)]
    if duty.police_leader:
        head.append(t(N_("Police leader: %(name)s"), name=duty.police_leader))
    if duty.draft:
        head.append(t(N_("DRAFT: not published, not to be walked by")))
    return "\n\n".join(["\n".join(head), *("\n".join(team_lines(duty, team, t)) for team in duty.teams)])


def team_lines(duty: Duty, team: Team, t: Translator) -> list[str]:
    """One team's part: who, where it musters, its visits, when it is back."""
    who = t.joined(
        [
            t(MODES[team.mode]),
            t.plural("%(n)s person", "%(n)s people", team.size),
            t.length(team.length_m),
        ]
    )
    words = N_("%(time)s muster") if duty.goes_on is None else N_("%(time)s goes on")
    muster = t(words, time=t.clock(team.muster_at))
    back = t(N_("%(time)s back"), time=t.clock(team.back_at))
    visits = [
        f"{t.clock(visit.start_at)}–{t.clock(visit.end_at)} {stop_words(visit.stop, t)}"
        for visit in team.visits
    ]
    breaks = [
        t(
            N_("break of %(minutes)s, begun %(hours)s"),
            minutes=t.duration(one.minutes),
            hours=clock_span(one.earliest, one.latest),
        )
        for one in team.breaks
    ]
    return [
        f"{team.number} {team.name} ({who})",
        f"{muster} {team.start_place}".strip(),
        *visits,
        *breaks,
        back,
    ]


def stop_words(stop: Stop, t: Translator) -> str:
    """A stop by its place and number."""
    place = stop.place or stop.village
    number = t(N_("stop %(n)s"), n=stop.number)
    return t.joined([place, number]) if place else number
