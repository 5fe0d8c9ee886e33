"""Reader of ONVIF metadata streams as they are recorded: `tt:MetadataStream` documents, one after another.

ONVIF Streaming Specification (metadata stream), PTZ Service Specification (spaces) and the schemas
common.xsd and metadatastream.xsd of ver10/schema.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Final

from cameras.frames.columns import ReadBatch, ReadOptions
from cameras.frames.messages import Cells, Story, number_of, read_messages
from cameras.frames.unnamed import need_camera
from geo.errors import InputRefused, Sentence
from geo.readers.documents import Broken

ROOT: Final = "MetadataStream"
_AGAIN: Final = re.compile(r"<\?xml\b|<(?:[\w.-]+:)?MetadataStream\b", re.ASCII)
# The last part of a space's name decides what its numbers are.
_DEGREES: Final = "SphericalPositionSpaceDegrees"
_MILLIMETRES: Final = "PositionSpaceMillimeter"
# Elements whose attributes are read, and in which they stand for a thing that the camera sees.
_READ: Final = ("PanTilt", "Zoom", "FieldOfView", "GeoLocation", "GeoOrientation")
_SEEN: Final = ("Object", "ObjectTree", "Event")


def read_onvif(path: Path, options: ReadOptions) -> Iterator[ReadBatch]:
    """Frames of a recorded ONVIF metadata stream (.xml, plain or .gz).

    Each `tt:Frame` and each `tt:PTZStatus` is a frame of `options.camera`, for no document names its camera.
    Times without a zone are UTC, as the standard has it. Pan and tilt are read where their space is in
    degrees: tilt is told, azimuth only where a `GeoOrientation` tells which way pan 0 points.

    Raises
    ------
    InputRefused
        Without `options.camera`; not one frame; a document type.
    """
    need_camera(path, options)
    story = Story("item", "document")
    counts = {"items": 0}

    def end() -> None:
        if not story.rows_told and not story.refused:
            raise InputRefused(
                Sentence(
                    "%(file)s tells of no frame and no position of the camera (tt:Frame, tt:PTZStatus); "
                    "record the metadata stream with analytics or PTZ status switched on",
                    file=path.name,
                )
            )

    yield from read_messages(
        path, replace(options, zone=UTC), story, lambda _: _Document(story, counts), _AGAIN, end
    )


class _Document:
    """A `tt:MetadataStream` while it is read."""

    def __init__(self, story: Story, counts: dict[str, int]) -> None:
        self._story, self._counts = story, counts
        self._open: list[str] = []
        # The frame or status that is being read: its cells, which of the file it is, and how deep it stands.
        self._row: Cells | None = None
        self._number = self._depth = 0
        self._pan = ""
        # Where the camera stands and which way its pan 0 points, for all of the document or for one row.
        self._place: Cells = {}
        self._yaw = ""

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        if not self._open and name != ROOT:
            raise Broken(f"'{tag[:40]}' is no {ROOT}")
        if self._open and name == ROOT:
            raise Broken("it breaks off, and another begins")
        self._open.append(name)
        if any(one in self._open for one in _SEEN):
            if name == "Event":
                self._story.note(Sentence("events of the metadata stream (tt:Event) are not read"))
            return
        if name in ("Frame", "PTZStatus") and self._row is None:
            self._counts["items"] += 1
            self._number, self._depth = self._counts["items"], len(self._open)
            self._row, self._pan = {"captured_at": attributes.get("UtcTime", "")}, ""
        elif name in _READ:
            self._read(name, {one.rpartition(":")[2]: text.strip() for one, text in attributes.items()})

    def end(self, tag: str, text: str) -> None:
        name = tag.rpartition(":")[2]
        if self._row is not None:
            if name == "UtcTime" and self._open[-2:] == ["PTZStatus", "UtcTime"]:
                self._row["captured_at"] = self._row["captured_at"] or text
            elif len(self._open) == self._depth:
                self._close(self._row)
                self._row = None
        self._open.pop()

    def _read(self, name: str, said: Cells) -> None:
        row = self._row
        if name == "GeoLocation":
            names = {"lon": "lon", "lat": "lat", "elevation": "altitude_m"}
            place = {ours: said[theirs] for theirs, ours in names.items() if said.get(theirs)}
            if row is None:
                self._place = place
            else:
                row.update(place)
        elif name == "GeoOrientation" and said.get("yaw"):
            self._yaw = said["yaw"]
        elif row is None:
            return
        elif name == "FieldOfView":
            row.update({f"{one}_deg": said[one] for one in ("hfov", "vfov") if said.get(one)})
        elif name == "PanTilt":
            self._turn(row, said)
        elif name == "Zoom":
            self._zoom(said)

    def _turn(self, row: Cells, said: Cells) -> None:
        space = said.get("space", "")
        if space.rpartition("/")[2] != _DEGREES:
            self._story.note(
                Sentence(
                    "pan and tilt in the space '%(space)s' are not degrees, and the camera's range is not "
                    "known; no pose was read from them",
                    space=space.rpartition("/")[2][:60] or "-",
                )
            )
            return
        pan, up = said.get("x", ""), number_of(said.get("y", ""))
        if up is not None and 90 < abs(up) <= 180:
            # Past straight down or up, the camera looks the other way.
            turned = number_of(pan)
            pan = pan if turned is None else repr(turned + 180)
            up = (180 if up > 0 else -180) - up
        self._pan = pan
        row["tilt_deg"] = said.get("y", "") if up is None else repr(-up + 0.0)

    def _zoom(self, said: Cells) -> None:
        if said.get("space", "").rpartition("/")[2] == _MILLIMETRES:
            self._story.note(
                Sentence(
                    "zoom in millimetres was not read: a field of view needs the sensor's width too; "
                    "frames have the field of view of the camera's record"
                )
            )
        else:
            self._story.note(Sentence("zoom was not read: its space tells no field of view"))

    def _close(self, row: Cells) -> None:
        """The frame as a row."""
        if self._pan and not self._yaw:
            self._story.note(
                Sentence(
                    "pan counts from the camera's own zero, and nothing tells which way that points; "
                    "the tilt was read and the azimuth not"
                )
            )
        elif self._pan:
            self._story.note(
                Sentence(
                    "azimuth is pan less the yaw of GeoOrientation, as the PTZ service counts it from north; "
                    "some devices count yaw from the east: compare one picture with the map"
                )
            )
            pan, yaw = number_of(self._pan), number_of(self._yaw)
            row["azimuth_deg"] = (
                repr((pan - yaw) % 360) if pan is not None and yaw is not None else f"{self._pan} {self._yaw}"
            )
        self._story.row(self._number, self._place | row)
