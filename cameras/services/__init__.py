"""Use cases of cameras: store records, take in frames, analyse a period.

Every function takes an open session and leaves committing to the caller.
"""

from cameras.services.analysing import analyse, camera_footprints
from cameras.services.ingesting import FrameReport, SourceSpec, ingest_frames
from cameras.services.recording import Listing, import_cameras, store_cameras, undo_listing
from cameras.services.revising import Revision, revise

__all__ = [
    "FrameReport",
    "Listing",
    "Revision",
    "SourceSpec",
    "analyse",
    "camera_footprints",
    "import_cameras",
    "ingest_frames",
    "revise",
    "store_cameras",
    "undo_listing",
]
