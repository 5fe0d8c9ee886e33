"""The kinds of findings: how serious each is, what it means and what helps. docs/audit.md lists them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from geo.errors import Sentence

SEVERITIES = ("serious", "moderate", "minor")
"""The gravest first: misleads whoever uses the record; probably wrong; not yet known."""

POSITION_KINDS = ("datum_wrong", "outside", "crowded_position")
"""Kinds after which the position of a camera is not to be believed."""


@dataclass(frozen=True)
class Kind:
    """One kind of finding.

    Parameters
    ----------
    name : str
        Stored with every finding.
    severity : str
        Of `SEVERITIES`.
    title, meaning, remedy : Sentence
        A few words; what it says of the camera; what to do.
    columns : tuple of str
        Columns of the camera frame without which it is not checked.
    scene : str
        Part of the scene without which it is not checked; "" for none.
    settings : tuple of str
        Names of the thresholds in `AuditSettings`.
    """

    name: str
    severity: str
    title: Sentence
    meaning: Sentence
    remedy: Sentence
    columns: tuple[str, ...] = ()
    scene: str = ""
    settings: tuple[str, ...] = ()


_LISTED = (
    Kind(
        "code_ruined",
        "serious",
        Sentence("Code ruined by a spreadsheet"),
        Sentence("The code was read as a number, which keeps 15 digits: the last ones are lost."),
        Sentence(
            "Take the code from the device or the platform, correct the list with codes as text, and "
            "import it as the whole list of its jurisdiction, closing records that are gone: a "
            "corrected code begins a new record."
        ),
    ),
    Kind(
        "code_malformed",
        "serious",
        Sentence("Malformed code"),
        Sentence("The code is no GB/T 28181 device code, which has 20 digits."),
        Sentence(
            "Take the code from the device or the platform, correct it in the list, and import the "
            "whole list of its jurisdiction, closing records that are gone: a corrected code begins a "
            "new record."
        ),
        settings=("codes",),
    ),
    Kind(
        "code_type",
        "moderate",
        Sentence("Code of another kind of device"),
        Sentence("Digits 11 to 13 of the code name a device that is no camera (131) or IP camera (132)."),
        Sentence(
            "Put the code of the camera's channel into the list, or take the row out, and import the "
            "whole list of its jurisdiction, closing records that are gone."
        ),
    ),
    Kind(
        "code_twice",
        "serious",
        Sentence("One camera under two codes"),
        Sentence("Two records are alike but for the county in their codes: probably one camera, twice."),
        Sentence(
            "Ask which code the platform uses; import the whole list of the jurisdiction without the "
            "other one, closing records that are gone."
        ),
        settings=("same_place_m",),
    ),
    Kind(
        "code_elsewhere",
        "moderate",
        Sentence("Code of another county"),
        Sentence("The code begins with another county than the one in which the camera stands."),
        Sentence(
            "Check the position first; where it is right, ask for a code of this county, and import "
            "the whole list with it, closing records that are gone."
        ),
        columns=("jurisdiction_path",),
        scene="jurisdictions",
    ),
    Kind(
        "area_elsewhere",
        "minor",
        Sentence("Area code of another county"),
        Sentence("The administrative area in the record is another county than the one it stands in."),
        Sentence("Correct the administrative area (CivilCode), or the position."),
        columns=("jurisdiction_path", "civil_code"),
        scene="jurisdictions",
    ),
    Kind(
        "datum_wrong",
        "serious",
        Sentence("Datum probably wrong"),
        Sentence("As another datum, far more cameras of this file lie along streets."),
        Sentence(
            "Look at the preview on the map; where it is right, undo the import and take the file in again "
            "with the datum named."
        ),
        columns=("batch_id",),
        scene="streets",
        settings=("datum_positions", "datum_near_m", "datum_gain"),
    ),
    Kind(
        "outside",
        "serious",
        Sentence("Outside every jurisdiction"),
        Sentence("The position lies in no jurisdiction of the site."),
        Sentence("Correct the position; longitude and latitude may be swapped, or the datum be wrong."),
        columns=("jurisdiction_path",),
        scene="jurisdictions",
    ),
    Kind(
        "crowded_position",
        "serious",
        Sentence("Many cameras at one position"),
        Sentence("More cameras share this position than a pole carries: often it is the station's."),
        Sentence("Have each camera's own position taken at its pole."),
        settings=("most_at_place", "same_place_m"),
    ),
    Kind(
        "crowded_address",
        "minor",
        Sentence("Many cameras at one address"),
        Sentence("Cameras far from each other have the same address."),
        Sentence("Write down each camera's own address; this one is probably the station's or contractor's."),
        columns=("address",),
        settings=("most_at_address", "address_spread_m"),
    ),
    Kind(
        "duplicate_pose",
        "moderate",
        Sentence("Same position and direction"),
        Sentence("Two fixed cameras stand at one position and look the same way."),
        Sentence(
            "Check at the pole: correct the direction, or import the whole list of the jurisdiction "
            "without the camera that is in it twice, closing records that are gone."
        ),
        settings=("same_place_m", "same_azimuth_deg"),
    ),
    Kind(
        "inside_building",
        "moderate",
        Sentence("Inside a building"),
        Sentence("The position lies inside a building; analyses move the camera to its edge."),
        Sentence("Correct the position, or note that the camera is indoors."),
        scene="obstructions",
        settings=("inside_m",),
    ),
    Kind(
        "far_from_street",
        "minor",
        Sentence("Far from any street"),
        Sentence("No street of the map passes near the camera."),
        Sentence("Check the position; where it is right, accept the finding with the reason."),
        scene="streets",
        settings=("street_m",),
    ),
    Kind(
        "no_azimuth",
        "moderate",
        Sentence("No direction"),
        Sentence("Nobody knows which way the camera looks: what it sees counts as possible only."),
        Sentence("Measure the direction at the pole, or from the picture."),
    ),
    Kind(
        "coarse_azimuth",
        "minor",
        Sentence("Direction only roughly known"),
        Sentence("A compass point stands for the direction: what it sees counts as possible only."),
        Sentence("Measure the direction at the pole, or from the picture."),
    ),
    Kind(
        "no_height",
        "minor",
        Sentence("No mounting height"),
        Sentence("The height above ground is not recorded and is assumed."),
        Sentence("Write down the height when somebody is at the pole."),
    ),
    Kind(
        "height_odd",
        "moderate",
        Sentence("Mounting height hardly possible"),
        Sentence("The height lies outside what poles and walls have."),
        Sentence("Check the height; it is in metres above the ground."),
        settings=("lowest_m", "highest_m"),
    ),
    Kind(
        "tilt_up",
        "moderate",
        Sentence("Looks above the horizon"),
        Sentence("The tilt says that the camera looks upwards; tilt is positive downwards."),
        Sentence("Check the tilt and its sign."),
    ),
    Kind(
        "lens_disagrees",
        "moderate",
        Sentence("Lens and angle of view disagree"),
        Sentence("The focal length and the sensor give another angle of view than the record."),
        Sentence("Check focal length, sensor width and angle of view; one of the three is wrong."),
        columns=("focal_mm", "sensor_width_mm"),
        settings=("lens_share",),
    ),
    Kind(
        "aspect_disagrees",
        "moderate",
        Sentence("Angles of view and picture disagree"),
        Sentence("The vertical angle does not follow from the horizontal one and the picture's shape."),
        Sentence("Check both angles of view and the resolution; one of them is wrong."),
        settings=("aspect_share",),
    ),
    Kind(
        "never_seen",
        "moderate",
        Sentence("Never seen"),
        Sentence("No frame ever came from the camera."),
        Sentence("Ask whether it is connected, and by which code its source knows it."),
        scene="last_frames",
        settings=("unseen_days",),
    ),
    Kind(
        "long_unseen",
        "serious",
        Sentence("Long unseen"),
        Sentence("No frame has come from the camera for days."),
        Sentence(
            "Send the maintenance unit; where the camera was taken down, import the whole list of the "
            "jurisdiction without it, closing records that are gone."
        ),
        scene="last_frames",
        settings=("unseen_days",),
    ),
)

KINDS: Mapping[str, Kind] = MappingProxyType({kind.name: kind for kind in _LISTED})
"""In the order in which a record is put right: who it is, where, which way, whether it works."""
