"""Use cases of cameras: store records, take in frames, analyse a period.

Every function takes an open session and leaves committing to the caller.
"""

from cameras.services.analysing import analyse, camera_footprints
from cameras.services.ingesting import (
    FrameReport,
    SourceSpec,
    import_cameras,
    ingest_frames,
    store_cameras,
)

__all__ = [
    "FrameReport",
    "SourceSpec",
    "analyse",
    "camera_footprints",
    "import_cameras",
    "ingest_frames",
    "store_cameras",
]
