"""The settings of a siting, from the values that hold on this site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from web.settings.built import analysis_settings
from web.settings.spec import Value

# The kernels behind these take seconds to load: only whoever builds settings waits for them.
if TYPE_CHECKING:
    from cameras.siting.settings import SitingSettings

# Somebody who asks for the optimum waits for it, up to this long.
EXACT_LIMIT_S = 120.0


def siting_settings(
    values: Mapping[str, Value],
    *,
    level: str | None = None,
    dimension: str | None = None,
    re_aim: bool = True,
    exact: bool = False,
) -> SitingSettings:
    """Level, weight of a place, how buildings hide and a new camera's optics as the site has them.

    Parameters
    ----------
    values : mapping
        Of `web.settings.current`.
    level, dimension : str, optional
        Instead of the site's.
    re_aim : bool
        Whether existing cameras may be turned.
    exact : bool
        Whether the optimum is asked for, however large the problem is.

    Raises
    ------
    InputRefused
        For a level or a dimension that there is not.
    """
    from cameras.siting.search import SearchSettings
    from cameras.siting.settings import SitingSettings

    site = analysis_settings(values, level=level, dimension=dimension)
    return SitingSettings(
        level=site.coverage.level,
        optics=site.assumed,
        place_weight_m=site.coverage.place_weight_m,
        re_aim=re_aim,
        dimension=site.dimension,
        target_height_m=site.target_height_m,
        search=SearchSettings(exact=True, time_limit_s=EXACT_LIMIT_S) if exact else SearchSettings(),
    )
