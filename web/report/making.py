"""A report of a week put into words, in one language."""

from __future__ import annotations

import geopandas as gpd
from sqlalchemy.orm import Session

from cameras.causes import CAUSE_BY_NAME
from cameras.services.weekly import WeekReport, ground_of, street_names
from geo.crs import to_metric
from geo.services import current_site, site_crs
from web.i18n import N_, Translator
from web.maps.words import DIMENSIONS, LEVELS, LIST_COLOURS, LISTS
from web.report import matters
from web.report.basis import analyses, time_section
from web.report.content import Document, Section
from web.report.figures import headline
from web.report.picture import Layer, MapPicture, map_picture
from web.report.places import jurisdictions

# The first lies lowest: what is most urgent is never hidden.
DRAWN = (("build", 2.5), ("measure", 5.0), ("repair", 7.0))


def week_document(
    session: Session, report: WeekReport, t: Translator, *, who: str, area: str, whole: bool = False
) -> Document:
    """The report as sections.

    Parameters
    ----------
    session : Session
        In the scope the report was made in: the map and the names of streets are read.
    report : WeekReport
    t : Translator
    who : str
        Who asked for it.
    area : str
        Name of the area; "" is all of the site.
    whole : bool
        Every row, as a workbook has room for.
    """
    site = current_site(session)
    site_name = site.name if t.lang == "zh" else site.name_en or site.name
    week = report.spent.week
    where = t.joined([site_name, area]) if area and area != site_name else site_name
    named = matters.chosen(report, whole=whole)
    sections = [
        time_section(report, t),
        headline(report, t),
        jurisdictions(report, t),
        _map_section(t),
        matters.hours(report, t),
        matters.gaps(report, street_names(session, named), t, whole=whole),
    ]
    if report.records is not None:
        sections.append(matters.losses(report, t, whole=whole))
        sections += [matters.findings(report, t, whole=whole), matters.silent(report, t)]
    sections.append(analyses(report, t))
    days = f"{week.monday:%Y-%m-%d} – {week.sunday:%Y-%m-%d}"
    made = t.moment(report.now)
    title = t(N_("Weekly report"))
    return Document(
        name=f"lianfang-week-{week.monday:%Y-%m-%d}",
        title=title,
        subtitle=f"{where} · {days}",
        facts=_facts(report, t, where=where, days=days, who=who),
        sections=sections,
        picture=_picture(session, report, t, site.attribution),
        legend=[(LIST_COLOURS[key], t(name)) for key, (name, _) in LISTS.items()],
        picture_says=t(N_("Map of the gaps of the week, by who acts")),
        foot=t(
            N_("%(title)s · %(where)s · %(days)s · made %(time)s by %(who)s"),
            title=title,
            where=where,
            days=days,
            time=made,
            who=who,
        ),
        lang=t.lang,
        made_at=report.now,
    )


def _facts(report: WeekReport, t: Translator, *, where: str, days: str, who: str) -> list[tuple[str, str]]:
    made = report.made_with
    dimension = str(made.parameters.get("dimension", "2d"))
    return [
        (t(N_("Area")), where),
        (t(N_("Week")), t(N_("%(days)s, Monday to Sunday in %(zone)s"), days=days, zone=t.zone.key)),
        (t(N_("Report made at")), t.moment(report.now)),
        (t(N_("Report made by")), who),
        (t(N_("Level of detail")), t(LEVELS[made.level][0]) if made.level in LEVELS else made.level),
        (t(N_("Buildings in the way")), t(DIMENSIONS[dimension][0])),
        (
            t(N_("Slot")),
            t(
                N_("%(slot)s, open below %(share)s"),
                slot=t.duration(made.slot_min),
                share=t.share(made.threshold),
            ),
        ),
    ]


def _map_section(t: Translator) -> Section:
    return Section(
        "map",
        t(N_("Map of the gaps")),
        t(N_("Map")),
        note=t(
            N_(
                "Ground that was open at any time that counts; of what was never built, as the last analysis "
                "found it."
            )
        ),
        has_map=True,
    )


def _picture(session: Session, report: WeekReport, t: Translator, source: str) -> bytes:
    crs = site_crs(session)
    ground, streets, borders = (to_metric(one, crs) for one in ground_of(session, report))
    lists = gpd.GeoSeries(ground.geometry)
    of = [CAUSE_BY_NAME[cause].list.name for cause in ground["cause"]]
    return map_picture(
        MapPicture(
            layers=[
                Layer(lists[[one == key for one in of]], LIST_COLOURS[key], width, t(LISTS[key][0]))
                for key, width in DRAWN
            ],
            streets=streets.geometry,
            borders=borders.geometry,
            streets_say=t(N_("watched street")),
            borders_say=t(N_("border of a jurisdiction")),
            metres=t(N_("%(n)s m"), n="%s"),
            kilometres=t(N_("%(n)s km"), n="%s"),
            north=t(N_("N")),
            source=source,
        )
    )
