"""Reader of GB/T 28181 messages as they are recorded: one, or many one after another, of 2016 and of 2022.

What is read: the position of a PTZ camera (PTZPosition, 2022), the position of a moving device
(MobilePosition), the state of a device (DeviceStatus), heartbeats (Keepalive) and notices of the directory
(Catalog with Event).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cameras.frames.columns import ReadBatch, ReadOptions
from cameras.frames.messages import Cells, Story, number_of, read_messages
from geo.errors import InputRefused, Sentence
from geo.readers.documents import Broken

#: First elements of messages. What is asked or ordered tells nothing of a camera.
ROOTS: Final = ("Notify", "Response", "Query", "Control")
_TELLING: Final = ROOTS[:2]
_COMMANDS: Final = ("ptzposition", "mobileposition", "devicestatus", "keepalive")
_AGAIN: Final = re.compile(rf"<\?xml\b|<(?:{'|'.join(ROOTS)})\b", re.ASCII)
#: Elements within which texts are read; within others none are.
_AROUND: Final = ("DeviceList", "Item", "Info", "PTZPosInfo", "PTZPosition")
_MOST_FIELDS: Final = 1000
_CAMERAS: Final = ("131", "132")
#: Events of the directory.
_LIVES, _GONE, _LISTED = ("ON",), ("OFF", "VLOST", "DEFECT"), ("ADD", "DEL", "UPDATE")
_NO_TIME: Final = "tells no time; give the one at which it was received with --begins"


def read_gb28181(path: Path, options: ReadOptions) -> Iterator[ReadBatch]:
    """Frames of recorded GB/T 28181 messages (.xml, plain or .gz), in UTF-8 or GB 18030.

    Messages name their camera (DeviceID). Those that tell no time of their own are of `options.begins`; times
    without a zone are of the site's.

    Raises
    ------
    InputRefused
        None of the messages tells of frames, or none of those that do tells when; a document type.
    """
    found = _Found(options)

    def end() -> None:
        found.close(path)

    yield from read_messages(path, options, found.story, found.message, _AGAIN, end)


class _Found:
    """What was found in the messages of a file."""

    def __init__(self, options: ReadOptions) -> None:
        self.story = Story("item")
        self._options = options
        self._passed: Counter[str] = Counter()
        self._lists = self._recordings = self._timeless = self._others = self._listed = 0

    def message(self, number: int) -> _Message:
        return _Message(self, number)

    def pass_over(self, root: str, command: str) -> None:
        """A message that tells nothing of a camera's pictures."""
        self._lists += (root, command.casefold()) == ("Response", "catalog")
        self._recordings += (root, command.casefold()) == ("Response", "recordinfo")
        # No more names than a reader of the remark would read.
        name = command[:30] if command in self._passed or len(self._passed) < 20 else "…"
        self._passed[name or "-"] += 1

    def tell(self, number: int, said: Cells, fields: Cells, lost: bool | None) -> None:
        """A frame, or a loss, of the camera that a message or an item of it is about."""
        code = said.get("DeviceID", "")
        if not self._is_camera(code):
            self._others += 1
            return
        begins = self._options.begins
        time = said.get("Time") or said.get("CaptureTime") or said.get("DeviceTime")
        time = time or (begins.isoformat() if begins is not None else "")
        if not time:
            self._timeless += 1
            self.story.refuse(number, _NO_TIME, "DeviceID", code)
            return
        event = {} if lost is None else {"event": "lost" if lost else "none"}
        self.story.row(number, {"camera": code, "captured_at": time} | event | fields)

    def state(self, number: int, said: Cells, lost: bool) -> None:
        """A device answers, or it does not."""
        before = self.story.rows_told
        self.tell(number, said, {}, lost)
        if self.story.rows_told > before and not lost and not self._options.heartbeats:
            self.story.note(
                Sentence(
                    "heartbeats and states (Keepalive, DeviceStatus) tell that a device answers, not that "
                    "there is a picture; take them in as a source of their own with --kind heartbeat"
                )
            )

    def directory(self, number: int, item: Cells) -> None:
        """What a notice of the directory says of one of its items."""
        event = item.get("Event", "").upper()
        if event in _LISTED:
            self._listed += 1
        elif event in _LIVES or event in _GONE:
            self.tell(number, item, {}, event in _GONE)
        else:
            words = ", ".join((*_LIVES, *_GONE, *_LISTED))
            self.story.refuse(
                number, f"is no event of the directory; it must be one of {words}", "Event", event
            )

    def _is_camera(self, code: str) -> bool:
        """Whether to expect a camera; recorders, platforms and areas speak too, and are none."""
        if code in self._options.cameras or len(code) != 20 or not code.isdecimal():
            return code in self._options.cameras or not (code.isdecimal() and len(code) in (2, 4, 6, 8))
        return code[10:13] in _CAMERAS

    def close(self, path: Path) -> None:
        story = self.story
        names = ", ".join(f"{name} ({n})" for name, n in self._passed.most_common())
        if not story.rows_told and self._timeless and self._timeless == story.refused:
            raise InputRefused(
                Sentence(
                    "%(file)s: its %(n)s messages tell no time; give the one at which they were received "
                    "with --begins, such as --begins 2026-05-01T12:00:00",
                    file=path.name,
                    n=self._timeless,
                )
            )
        if not story.rows_told and not story.refused and not self._others and not self._listed:
            if self._lists:
                raise InputRefused(
                    Sentence(
                        "%(file)s is a list of cameras, not metadata of frames; take it in with "
                        "lianfang import cameras",
                        file=path.name,
                    )
                )
            if self._recordings:
                raise InputRefused(
                    Sentence(
                        "%(file)s is a list of recordings, not metadata of frames; take it in with "
                        "lianfang recordings ingest",
                        file=path.name,
                    )
                )
            raise InputRefused(
                Sentence(
                    "%(file)s holds no metadata of frames (%(names)s); give PTZPosition, MobilePosition, "
                    "DeviceStatus or Keepalive messages, or Catalog notices with events",
                    file=path.name,
                    names=names or "-",
                )
            )
        if names:
            story.note(Sentence("messages of other kinds were passed over: %(names)s", names=names))
        if self._others:
            story.note(
                Sentence(
                    "%(n)s messages are of recorders, platforms or areas, which say nothing of their "
                    "cameras; they were passed over",
                    n=self._others,
                )
            )
        if self._listed:
            story.note(
                Sentence(
                    "%(n)s notices say that the directory changed (ADD, DEL, UPDATE), not whether a camera "
                    "works; take the list in again with lianfang import cameras",
                    n=self._listed,
                )
            )


class _Message:
    """A message while it is read."""

    def __init__(self, found: _Found, number: int) -> None:
        self._found, self._number = found, number
        self._open: list[str] = []
        self._said: Cells = {}
        self._item: Cells | None = None
        self._faulty: list[str] = []
        self._listed = False

    def start(self, tag: str, _: dict[str, str]) -> None:
        if not self._open and tag not in ROOTS:
            raise Broken(f"'{tag[:40]}' is no message of GB/T 28181")
        if self._open and tag in ROOTS:
            raise Broken("it breaks off, and another begins")
        if tag == "Item" and self._item is None:
            self._item = {}
        self._open.append(tag)

    def end(self, tag: str, text: str) -> None:
        self._open.pop()
        if not self._open:
            self._close(tag)
        elif tag == "Item" and "Item" not in self._open and self._item is not None:
            if self._is_notice(self._open[0]):
                self._found.directory(self._number, self._item)
            elif self._command() == "mobileposition":
                self._found.tell(self._number, self._said | self._item, _position(self._item), None)
            self._item, self._listed = None, True
        elif text and all(one in _AROUND for one in self._open[1:]):
            self._say(tag, text)

    def _say(self, tag: str, text: str) -> None:
        if self._open[1:] == ["Info"] and tag == "DeviceID":
            # A heartbeat lists the devices below that do not work.
            self._faulty.append(text)
        kept = self._said if self._item is None else self._item
        if len(kept) + len(self._faulty) > _MOST_FIELDS:
            raise Broken(f"more than {_MOST_FIELDS} fields")
        kept.setdefault(tag, text)

    def _command(self) -> str:
        return self._said.get("CmdType", "").casefold()

    def _is_notice(self, root: str) -> bool:
        return root == "Notify" and self._command() == "catalog"

    def _close(self, root: str) -> None:
        found, said, number = self._found, self._said, self._number
        command = self._command()
        if self._is_notice(root) or (command == "mobileposition" and self._listed):
            return
        if root not in _TELLING or command not in _COMMANDS:
            found.pass_over(root, said.get("CmdType", ""))
        elif "DeviceID" not in said:
            found.story.refuse(number, "is missing; a message names its device", "DeviceID")
        elif said.get("Result", "OK").upper() != "OK":
            reason = "says that the device did not answer; ask it again"
            found.story.refuse(number, reason, "Result", said["Result"])
        elif command == "ptzposition":
            found.tell(number, said, _pose(said), None)
            if "Zoom" in said or "MaxViewDistance" in said:
                found.story.note(
                    Sentence(
                        "Zoom and MaxViewDistance of PTZPosition were not read: frames have no such column"
                    )
                )
        elif command == "mobileposition":
            # The answer to a subscription names the command, and no position.
            if "Longitude" in said or "Latitude" in said:
                found.tell(number, said, _position(said), None)
            else:
                found.pass_over(root, said["CmdType"])
        else:
            self._state()

    def _state(self) -> None:
        """DeviceStatus, or a heartbeat: the device works, or it does not."""
        said = self._said
        online, status = said.get("Online", "ONLINE").upper(), said.get("Status", "OK").upper()
        known = {"ONLINE": False, "OFFLINE": True, "OK": False, "ON": False, "ERROR": True, "OFF": True}
        for field, word in (("Online", online), ("Status", status)):
            if word not in known:
                self._found.story.refuse(
                    self._number, "is no state; it must be ONLINE, OFFLINE, OK or ERROR", field, word
                )
                return
        self._found.state(self._number, said, known[online] or known[status])
        for code in self._faulty:
            self._found.tell(self._number, said | {"DeviceID": code}, {}, True)


def _pose(said: Cells) -> Cells:
    """Pose by PTZPosition: pan clockwise from north, tilt positive downwards, angles 0 where not known."""
    turns = {"Pan": "azimuth_deg", "Tilt": "tilt_deg"}
    angles = {"HorizontalFieldAngle": "hfov_deg", "VerticalFieldAngle": "vfov_deg"}
    told = {ours: said[theirs] for theirs, ours in turns.items() if theirs in said}
    return told | {ours: said[name] for name, ours in angles.items() if number_of(said.get(name, "0")) != 0}


def _position(said: Cells) -> Cells:
    """Position by MobilePosition; 0, 0 is a device that has no position."""
    names = {"Longitude": "lon", "Latitude": "lat", "Altitude": "altitude_m"}
    told = {ours: said[theirs] for theirs, ours in names.items() if theirs in said}
    if number_of(told.get("lon", "")) == 0 and number_of(told.get("lat", "")) == 0:
        return {}
    return told
