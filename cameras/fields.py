"""The fields of a camera record (一机一档), told once for readers, store, forms, history and audit.

The set is that of a Catalog item of GB/T 28181-2022 with what footprints need besides. Passwords are no
field: they are dropped where they are met.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from cameras.choices import LIGHTS, MOBILE, POINT_CLASSES, PTZ_TYPES, ROOMS, STATUSES
from geo.errors import Sentence

Kind = Literal["text", "number", "whole", "day", "choice", "flag"]

# An address, a place's name: nobody's novel.
LONGEST_TEXT = 255


@dataclass(frozen=True)
class Field:
    """One field of a camera record.

    Parameters
    ----------
    name : str
        Its column in the table `camera`, and its heading in our own files.
    label : Sentence
        What it is called.
    kind : str
        ``choice`` is stored as the standard's number.
    headings : tuple of str
        Headings of lists that mean it, besides its name.
    unit : Sentence or None
        Of numbers.
    above, least, most : float
        Limits of a number; `above` is open, the others are closed.
    choices : mapping of int to Sentence
        What the numbers of a choice mean.
    pose : bool
        Whether what the camera sees depends on it: a change opens a new period of validity.
    restricted : bool
        Shown only to those who may change records: how to reach a device or a person.
    element, ape : str
        Name in a GB/T 28181 Catalog item and in a GA/T 1400 APE object; "" where it has none.
    """

    name: str
    label: Sentence
    kind: Kind = "text"
    headings: tuple[str, ...] = ()
    unit: Sentence | None = None
    above: float = float("-inf")
    least: float = float("-inf")
    most: float = float("inf")
    choices: Mapping[int, Sentence] = field(default_factory=lambda: MappingProxyType({}))
    pose: bool = False
    restricted: bool = False
    element: str = ""
    ape: str = ""


_DEGREES = Sentence("degrees")
_METRES = Sentence("metres")
_PIXELS = Sentence("pixels")
_MILLIMETRES = Sentence("millimetres")

POSE_FIELDS = (
    Field(
        "azimuth_deg",
        Sentence("Direction"),
        "number",
        unit=_DEGREES,
        least=0.0,
        most=360.0,
        pose=True,
    ),
    Field(
        "tilt_deg",
        Sentence("Tilt, downwards"),
        "number",
        ("tilt", "俯角", "俯仰角"),
        Sentence("degrees, down positive"),
        least=-90.0,
        most=90.0,
        pose=True,
    ),
    Field(
        "hfov_deg",
        Sentence("Horizontal field of view"),
        "number",
        ("hfov", "水平视场角", "视场角"),
        _DEGREES,
        above=0.0,
        most=360.0,
        pose=True,
        element="HorizontalFieldAngle",
    ),
    Field(
        "vfov_deg",
        Sentence("Vertical field of view"),
        "number",
        ("vfov", "垂直视场角", "竖直视场角"),
        _DEGREES,
        above=0.0,
        most=180.0,
        pose=True,
        element="VerticalFieldAngle",
    ),
    Field(
        "width_px",
        Sentence("Width of the picture"),
        "number",
        ("width", "像素宽", "水平像素"),
        _PIXELS,
        least=1.0,
        most=100_000.0,
        pose=True,
    ),
    Field(
        "height_px",
        Sentence("Height of the picture"),
        "number",
        ("像素高", "垂直像素"),
        _PIXELS,
        least=1.0,
        most=100_000.0,
        pose=True,
    ),
    Field(
        "mount_height_m",
        Sentence("Mounting height"),
        "number",
        ("height", "height_m", "mount_height", "高度", "安装高度", "架设高度", "挂高"),
        _METRES,
        above=0.0,
        most=200.0,
        pose=True,
    ),
    Field("ptz", Sentence("Turns (PTZ)"), "flag", ("云台", "是否云台"), pose=True),
)
"""What decides, with the position, what a camera sees."""

FURTHER_FIELDS = (
    Field(
        "focal_mm",
        Sentence("Focal length"),
        "number",
        ("focal", "focal_length", "焦距"),
        _MILLIMETRES,
        above=0.0,
        most=5000.0,
        pose=True,
    ),
    Field(
        "sensor_width_mm",
        Sentence("Width of the sensor"),
        "number",
        ("sensor_width", "靶面宽", "靶面宽度", "传感器宽度"),
        _MILLIMETRES,
        above=0.0,
        most=100.0,
        pose=True,
    ),
    Field(
        "night_range_m",
        Sentence("Range at night"),
        "number",
        ("night_range", "补光距离", "红外距离", "夜视距离"),
        _METRES,
        above=0.0,
        most=2000.0,
        pose=True,
    ),
    Field(
        "max_view_m",
        Sentence("Longest distance of view"),
        "number",
        ("max_view_distance", "最大可视距离", "可视距离", "监控距离"),
        _METRES,
        above=0.0,
        most=50_000.0,
        element="MaxViewDistance",
    ),
    Field(
        "ptz_type",
        Sentence("Type of mount"),
        "choice",
        ("摄像机结构类型", "云台类型", "摄像机位置类型"),
        choices=PTZ_TYPES,
        element="PTZType",
    ),
    Field(
        "supply_light",
        Sentence("Supplement light"),
        "choice",
        ("supply_light_type", "补光", "补光属性", "补光类型"),
        choices=LIGHTS,
        element="SupplyLightType",
    ),
    Field(
        "room_type",
        Sentence("Indoors or outdoors"),
        "choice",
        ("安装位置室内外", "室内外", "室外室内"),
        choices=ROOMS,
        element="RoomType",
    ),
    Field(
        "mobile_device",
        Sentence("Moving device"),
        "choice",
        ("mobile_device_type", "移动采集设备类型", "移动设备类型"),
        choices=MOBILE,
        element="MobileDeviceType",
    ),
    Field(
        "point_class",
        Sentence("Class of the point"),
        "choice",
        ("point_type", "点位类型", "点位级别", "监控点位类型"),
        choices=POINT_CLASSES,
        element="PointType",
    ),
    Field(
        "capture_position",
        Sentence("Kind of place covered"),
        headings=("采集部位类型", "采集区域类型", "监控部位"),
        element="CapturePositionType",
        ape="PositionType",
    ),
    Field(
        "function_type",
        Sentence("Function"),
        headings=("功能类型", "摄像机功能类型"),
        element="FunctionType",
        ape="FunctionType",
    ),
    Field(
        "manufacturer",
        Sentence("Manufacturer"),
        headings=("厂商", "设备厂商", "生产厂商", "品牌"),
        element="Manufacturer",
    ),
    Field("model", Sentence("Model"), headings=("型号", "设备型号"), element="Model", ape="Model"),
    Field(
        "civil_code",
        Sentence("Code of the administrative area"),
        headings=("行政区域", "行政区划", "行政区划代码", "行政区域代码"),
        element="CivilCode",
        ape="PlaceCode",
    ),
    Field("block", Sentence("Police area"), headings=("警区",), element="Block"),
    Field(
        "address",
        Sentence("Address"),
        headings=("地址", "安装地址", "安装位置", "详细地址"),
        element="Address",
        ape="Place",
    ),
    Field(
        "grassroots_code",
        Sentence("Code of the grassroots organisation"),
        headings=("基层组织编码", "基层组织代码", "社区编码"),
        element="GrassrootsCode",
    ),
    Field(
        "business_group",
        Sentence("Business group"),
        headings=("业务分组", "业务分组编码"),
        element="BusinessGroupID",
    ),
    Field(
        "security_level",
        Sentence("Security level of the device"),
        headings=("安全能力等级", "安全等级"),
        element="SecurityLevelCode",
    ),
    Field(
        "status",
        Sentence("State in the catalogue"),
        "choice",
        ("状态", "设备状态", "在线状态", "is_online"),
        choices=STATUSES,
        element="Status",
        ape="IsOnline",
    ),
    Field(
        "installed_on",
        Sentence("Installed on"),
        "day",
        ("install_time", "安装时间", "安装日期", "启用时间"),
        element="InstallTime",
    ),
    Field(
        "record_days",
        Sentence("Days recordings are kept"),
        "whole",
        ("record_save_days", "录像保存天数", "存储天数", "保存天数"),
        Sentence("days"),
        least=0.0,
        most=3660.0,
        element="RecordSaveDays",
    ),
    Field(
        "management_unit",
        Sentence("Maintenance unit"),
        headings=("管理单位", "维护单位", "运维单位", "所属单位", "建设单位"),
        element="ManagementUnit",
        ape="OrgCode",
    ),
    Field(
        "contact",
        Sentence("Contact of the maintenance unit"),
        headings=("联系方式", "联系电话", "管理单位联系方式"),
        restricted=True,
        element="ContactInfo",
    ),
    Field(
        "ip_address",
        Sentence("IP address"),
        headings=("ip", "ip地址", "设备ip"),
        restricted=True,
        element="IPAddress",
        ape="IPAddr",
    ),
    Field(
        "port",
        Sentence("Port"),
        "whole",
        ("端口", "端口号"),
        least=0.0,
        most=65_535.0,
        restricted=True,
        element="Port",
        ape="Port",
    ),
    Field(
        "mac", Sentence("MAC address"), headings=("mac地址", "mac_address"), restricted=True, element="MAC"
    ),
)
"""What a record holds besides."""

FIELDS: tuple[Field, ...] = (
    Field(
        "name",
        Sentence("Name"),
        headings=("名称", "设备名称", "点位名称", "摄像机名称"),
        element="Name",
        ape="Name",
    ),
    *POSE_FIELDS,
    Field(
        "parent_code",
        Sentence("Recorder"),
        headings=("parent", "父设备编码", "上级设备编码", "nvr", "nvr编码", "所属设备编码"),
        element="ParentID",
        ape="OwnerApsID",
    ),
    *FURTHER_FIELDS,
)
"""All fields that may change, in the order in which a person reads them; code and position apart."""

BY_NAME: Mapping[str, Field] = MappingProxyType({one.name: one for one in FIELDS})
POSE_NAMES = frozenset(one.name for one in FIELDS if one.pose) | {"azimuth_quality"}
NUMBER_NAMES = tuple(one.name for one in FIELDS if one.kind == "number")
