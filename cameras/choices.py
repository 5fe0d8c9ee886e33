"""What the numbers of a camera record's choices mean, and the words that lists write for them.

Numbers as GB/T 28181-2022 has them in a Catalog item.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from geo.errors import Sentence

PTZ_TYPES = {
    1: Sentence("dome"),
    2: Sentence("half dome"),
    3: Sentence("fixed bullet"),
    4: Sentence("PTZ bullet"),
    5: Sentence("PTZ half dome"),
    6: Sentence("panoramic"),
    7: Sentence("split"),
}
ROOMS = {1: Sentence("outdoors"), 2: Sentence("indoors")}
LIGHTS = {
    1: Sentence("none"),
    2: Sentence("infrared"),
    3: Sentence("white light"),
    4: Sentence("laser"),
    9: Sentence("other"),
}
MOBILE = {
    1: Sentence("on a robot"),
    2: Sentence("body-worn recorder"),
    3: Sentence("portable"),
    4: Sentence("on a vehicle"),
    5: Sentence("on a UAV"),
    9: Sentence("other"),
}
POINT_CLASSES = {
    1: Sentence("first class"),
    2: Sentence("second class"),
    3: Sentence("third class"),
    9: Sentence("other"),
}
STATUSES = {0: Sentence("off"), 1: Sentence("on")}
WRITTEN: Mapping[str, Mapping[str, int]] = MappingProxyType(
    {
        "ptz_type": {
            "球机": 1,
            "球型": 1,
            "半球": 2,
            "半球机": 2,
            "枪机": 3,
            "固定枪机": 3,
            "固定": 3,
            "遥控枪机": 4,
            "遥控半球": 5,
            "全景": 6,
            "多目全景": 6,
            "多目": 7,
            "分割": 7,
            "dome": 1,
            "half dome": 2,
            "bullet": 3,
            "fixed": 3,
            "panoramic": 6,
        },
        "room_type": {"室外": 1, "室内": 2, "outdoor": 1, "indoor": 2},
        "supply_light": {
            "无": 1,
            "无补光": 1,
            "红外": 2,
            "红外补光": 2,
            "白光": 3,
            "白光补光": 3,
            "激光": 4,
            "激光补光": 4,
            "其他": 9,
            "none": 1,
            "infrared": 2,
            "ir": 2,
            "white": 3,
            "laser": 4,
        },
        "mobile_device": {
            "机器人": 1,
            "执法记录仪": 2,
            "移动单兵": 3,
            "单兵": 3,
            "车载": 4,
            "无人机": 5,
            "其他": 9,
        },
        "point_class": {
            "一类": 1,
            "二类": 2,
            "三类": 3,
            "一类点": 1,
            "二类点": 2,
            "三类点": 3,
            "一类视频监控点": 1,
            "二类视频监控点": 2,
            "三类视频监控点": 3,
            "其他": 9,
            "其他点": 9,
        },
        "status": {"on": 1, "off": 0, "ok": 1, "在线": 1, "离线": 0, "online": 1, "offline": 0},
    }
)
"""Words in lower case by field."""
