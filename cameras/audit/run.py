"""One audit: every check that the scene allows, in the order of the kinds."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from cameras.audit import codes, datums, places, poses, silence
from cameras.audit.found import COLUMNS
from cameras.audit.kinds import KINDS
from cameras.audit.scene import AuditResult, AuditScene, AuditSettings
from geo.crs import need_metric

Check = Callable[[AuditScene, AuditSettings], pd.DataFrame]

CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        codes.code_ruined,
        codes.code_malformed,
        codes.code_type,
        codes.code_twice,
        codes.code_elsewhere,
        codes.area_elsewhere,
        datums.datum_wrong,
        places.outside,
        places.crowded_position,
        places.crowded_address,
        places.duplicate_pose,
        places.inside_building,
        places.far_from_street,
        poses.no_azimuth,
        poses.coarse_azimuth,
        poses.no_height,
        poses.height_odd,
        poses.tilt_up,
        poses.lens_disagrees,
        poses.aspect_disagrees,
        silence.never_seen,
        silence.long_unseen,
    )
}
"""By the name of the kind."""


def audit(
    scene: AuditScene,
    settings: AuditSettings | None = None,
    *,
    progress: Callable[[float], None] | None = None,
) -> AuditResult:
    """Everything that is wrong with the records of a scene.

    Raises
    ------
    ValueError
        When the cameras have no CRS in metres, or one of the scene's parts has another.
    """
    chosen = settings or AuditSettings()
    crs = need_metric(scene.cameras.crs, "the frame of cameras")
    for name in ("streets", "obstructions"):
        part = getattr(scene, name)
        if len(part) and part.crs != crs:
            raise ValueError(f"{name} and cameras must be in one CRS; project both with geo.crs")
    checked = [
        name
        for name, kind in KINDS.items()
        if scene.has(kind.scene) and all(one in scene.cameras for one in kind.columns)
    ]
    found = []
    if len(scene.cameras):
        for n, name in enumerate(checked):
            found.append(CHECKS[name](scene, chosen))
            if progress is not None:
                progress((n + 1) / len(checked))
    kept = [one for one in found if len(one)]
    findings = pd.concat(kept, ignore_index=True) if kept else pd.DataFrame(columns=list(COLUMNS))
    return AuditResult(findings, tuple(checked))
