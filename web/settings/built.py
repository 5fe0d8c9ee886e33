"""The settings objects of analyses and plans, from the values that hold on this site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from geo.errors import InputRefused, message_of
from web.settings.spec import Value

# The kernels and the solver behind these take seconds to load: only whoever builds settings waits for them.
if TYPE_CHECKING:
    from cameras.alerts import AlertSettings
    from cameras.analysis import AnalysisSettings
    from cameras.audit import AuditSettings
    from patrols.readers.duties import KindDefaults
    from patrols.services import PlanSettings

LISTS = ("repair", "measure", "build")


def analysis_settings(
    values: Mapping[str, Value],
    *,
    level: str | None = None,
    slot_min: int | None = None,
    threshold: float | None = None,
    dimension: str | None = None,
) -> AnalysisSettings:
    """Settings of an analysis.

    Parameters
    ----------
    values : mapping
        Of `web.settings.current`.
    level, slot_min, threshold, dimension
        Instead of the site's.

    Raises
    ------
    InputRefused
        For a level, slot, threshold or dimension that no analysis can have.
    """
    from cameras.analysis import AnalysisSettings
    from cameras.coverage import CoverageSettings
    from cameras.diagnosis import Thresholds
    from cameras.optics import AssumedOptics
    from cameras.poses import PoseTolerances

    asked = {"level": level, "slot_min": slot_min, "threshold": threshold}
    coverage: dict[str, Any] = {
        **{name: values[f"analysis.{name}"] for name in ("level", "slot_min", "threshold", "place_weight_m")},
        **{name: value for name, value in asked.items() if value is not None},
    }
    try:
        return AnalysisSettings(
            coverage=CoverageSettings(**coverage),
            thresholds=Thresholds(**_group(values, "diagnosis")),
            assumed=AssumedOptics(**_group(values, "optics")),
            tolerances=PoseTolerances(**_group(values, "poses")),
            clearance_m=float(values["analysis.clearance_m"]),
            dimension=str(values["analysis.dimension"]) if dimension is None else dimension,
            target_height_m=float(values["analysis.target_height_m"]),
        )
    except ValueError as error:
        raise InputRefused(message_of(error)) from error


def plan_settings(values: Mapping[str, Value]) -> PlanSettings:
    """Settings of a plan from `web.settings.current`."""
    from patrols.demand import DemandSettings
    from patrols.services import PlanSettings

    demand = _group(values, "demand")
    weights = {name: demand.pop(f"weight_{name}") for name in LISTS}
    return PlanSettings(
        demand=DemandSettings(**demand, list_weight=weights),
        stop_limit_m=float(values["planning.stop_limit_m"]),
        base_limit_m=float(values["planning.base_limit_m"]),
    )


def alert_settings(values: Mapping[str, Value]) -> AlertSettings:
    """What is usually watched, from `web.settings.current`."""
    from cameras.alerts import AlertSettings

    return AlertSettings(**_group(values, "alerts"))


def audit_settings(values: Mapping[str, Value]) -> AuditSettings:
    """Thresholds of a camera audit from `web.settings.current`."""
    from cameras.audit import AuditSettings

    return AuditSettings(**_group(values, "checks"))


def duty_defaults(values: Mapping[str, Value]) -> dict[str, KindDefaults]:
    """What is usual for each kind of fixed duty, from `web.settings.current`.

    Raises
    ------
    InputRefused
        For hours that are none, and a stay that does not fit into them.
    """
    from patrols.duties import KINDS, Duty, read_windows
    from patrols.readers.duties import KindDefaults

    usual = {}
    for kind in KINDS:
        made = KindDefaults(
            hours=str(values[f"duties.{kind}_hours"]),
            stay_s=round(float(values[f"duties.{kind}_stay_min"]) * 60),
            required=values[f"duties.{kind}_required"] == "yes",
            prize=int(values[f"duties.{kind}_prize"]),
        )
        Duty(kind, kind, kind, read_windows(made.hours), made.stay_s, made.required, made.prize)
        usual[kind] = made
    return usual


def _group(values: Mapping[str, Value], group: str) -> dict[str, Any]:
    return {name.partition(".")[2]: value for name, value in values.items() if name.startswith(f"{group}.")}
