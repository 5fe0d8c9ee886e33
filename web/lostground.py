"""What is not seen any more when a camera fails, for plans that go on in the middle of their shift."""

from __future__ import annotations

import geopandas as gpd
from sqlalchemy.orm import Session

from cameras.services import trying
from geo.errors import LianfangError, Sentence
from patrols import repository


def ground_lost(session: Session, code: str) -> gpd.GeoDataFrame:
    """Lines of street that only this camera saw, by the newest analysis (EPSG:4326).

    The session must see the whole site: a neighbour's camera counts.

    Raises
    ------
    LianfangError
        When nothing was analysed, or the camera saw nothing for certain.
    """
    analysis = repository.latest_analysis_id(session)
    if analysis is None:
        raise LianfangError(Sentence("nothing was analysed yet; run `lianfang gaps find` first"))
    return trying.lost_ground(session, analysis, code).ground
