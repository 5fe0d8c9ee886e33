"""The hand-drawn skeleton of the invented town 榕渚镇: names, sites, roads, river, canals.

Metres east and north of the town's middle, which lies among real fields near 116.66° E, 23.53° N; what
stands there in truth has nothing to do with it. Names are made of words that Chaoshan place names are made of
(寨 stockade, 溪 stream, 陇 ridge, 埔 flat, 墟 market); a village of the same name somewhere is chance. Codes
use 4499, which GB/T 2260 gives to no prefecture.
"""

from __future__ import annotations

from dataclasses import dataclass

MIDDLE = (116.66, 23.53)
# The CGCS2000 3-degree zone of 117° E, the one `geo.crs.metric_crs` chooses there.
EPSG = 4548

CITY = ("4499", "岭海市", "Linghai City")
DISTRICT = ("449901", "澄阳区", "Chengyang District")
TOWN = ("449901101", "榕渚镇", "Rongzhu Town")
SHORT_NAME = "榕渚"

Point = tuple[float, float]


@dataclass(frozen=True)
class VillageSite:
    """A village as it is drawn.

    Parameters
    ----------
    number : int
        1 to 8, the last digit of its code.
    name, short, name_en : str
        下寨村, 下寨, Xiazhai Village.
    at : (float, float)
        Middle of its settlement, metres.
    turn_deg : float
        How far the rows are turned against the south they should face, counterclockwise.
    radius_m : float
        About how far the settlement reaches.
    columns, bands : int
        Columns of old houses on each side of the ancestral hall, and bands of three rows.
    gates : tuple of str
        Where a road leaves: "N", "E", "S", "W" of its own rows.
    grids : int
        Into how many grids it is cut.
    """

    number: int
    name: str
    short: str
    name_en: str
    at: Point
    turn_deg: float
    radius_m: float
    columns: int
    bands: int
    gates: tuple[str, ...]
    grids: int

    @property
    def code(self) -> str:
        """Twelve digits, as the statistics office numbers villages."""
        return f"{TOWN[0]}{200 + self.number:03d}"


VILLAGES = (
    VillageSite(1, "上寨村", "上寨", "Shangzhai Village", (-1270, 610), 9, 215, 6, 3, ("S", "E", "N"), 5),
    VillageSite(2, "莲塘村", "莲塘", "Liantang Village", (-740, 500), -6, 190, 5, 2, ("S", "W", "E"), 4),
    VillageSite(3, "下寨村", "下寨", "Xiazhai Village", (-1130, -600), -13, 232, 7, 3, ("N", "E", "W"), 6),
    VillageSite(4, "沟尾村", "沟尾", "Gouwei Village", (-470, -880), 7, 196, 5, 3, ("N", "W", "E"), 4),
    VillageSite(5, "墟头村", "墟头", "Xutou Village", (330, 455), -4, 250, 5, 3, ("S", "E", "N", "W"), 6),
    VillageSite(6, "后埔村", "后埔", "Houpu Village", (170, 1065), 12, 185, 4, 2, ("S", "E"), 4),
    VillageSite(7, "东陇村", "东陇", "Donglong Village", (1270, 690), -9, 218, 6, 3, ("S", "W", "N"), 5),
    VillageSite(8, "溪头村", "溪头", "Xitou Village", (930, -830), 5, 208, 6, 2, ("N", "W", "E"), 5),
)  # fmt: skip

BOUNDARY: tuple[Point, ...] = (
    (-1800, 1130), (-1420, 1270), (-900, 1180), (-560, 1380), (-60, 1400), (420, 1420), (880, 1390),
    (1330, 1240), (1720, 1130), (1800, 560), (1740, 120), (1800, -330), (1640, -820), (1360, -1230),
    (780, -1300), (340, -1400), (-180, -1330), (-620, -1390), (-1120, -1210), (-1560, -1060),
    (-1800, -560), (-1730, -40), (-1800, 420),
)  # fmt: skip

RIVER: tuple[Point, ...] = (
    (-560, 1480), (-470, 1230), (-330, 980), (-310, 740), (-390, 510), (-345, 290), (-215, 110),
    (-105, -80), (-95, -300), (30, -520), (70, -760), (10, -1010), (120, -1250), (170, -1480),
)  # fmt: skip
RIVER_NAME, RIVER_WIDTH_M = "榕溪", (38.0, 54.0)


@dataclass(frozen=True)
class Road:
    """A road of the skeleton: its class (OSM `highway`), name and the points a smooth line goes through."""

    road_class: str
    name: str
    points: tuple[Point, ...]


ROADS = (
    Road(
        "primary",
        "省道榕凤线",
        (
            (-1830, -215), (-1480, -160), (-1080, -70), (-700, 0), (-420, 40), (-200, 85), (90, 130),
            (470, 140), (900, 95), (1320, 120), (1830, 225),
        ),
    ),
    Road(
        "secondary",
        "县道后溪线",
        (
            (900, 1440), (800, 1090), (735, 760), (700, 460), (665, 140), (640, -130), (575, -400),
            (470, -660), (400, -960), (430, -1440),
        ),
    ),
)  # fmt: skip

CANALS: tuple[tuple[str, float, tuple[Point, ...]], ...] = (
    ("南干渠", 11.0, ((20, -500), (330, -470), (640, -430), (980, -415), (1400, -370), (1850, -390))),
    ("西干渠", 9.0, ((-400, 1110), (-720, 1010), (-1040, 985), (-1400, 950), (-1850, 905))),
)


@dataclass(frozen=True)
class Link:
    """A road between two ends, each a village's gate ("上寨", "S") or a point; via the points between."""

    road_class: str
    name: str
    start: tuple[str, str] | Point
    end: tuple[str, str] | Point
    via: tuple[Point, ...] = ()


LINKS = (
    Link("unclassified", "上寨路", ("上寨", "S"), (-1235, -106)),
    Link("unclassified", "莲塘路", ("莲塘", "S"), (-705, -1)),
    Link("unclassified", "下寨路", ("下寨", "N"), (-985, -53)),
    Link("unclassified", "沟尾路", ("沟尾", "N"), (-500, 29), ((-470, -330),)),
    Link("unclassified", "墟头路", ("墟头", "S"), (300, 140)),
    Link("unclassified", "东陇路", ("东陇", "S"), (1290, 116)),
    Link("unclassified", "溪头路", ("溪头", "N"), (930, 93), ((960, -250),)),
    Link("tertiary", "上莲路", ("上寨", "E"), ("莲塘", "W")),
    Link("tertiary", "莲墟路", ("莲塘", "E"), ("墟头", "W"), ((-180, 470),)),
    Link("tertiary", "下沟路", ("下寨", "E"), ("沟尾", "W")),
    Link("tertiary", "沟溪路", ("沟尾", "E"), (424, -845), ((50, -880),)),
    Link("tertiary", "墟后路", ("墟头", "N"), ("后埔", "S")),
    Link("tertiary", "后埔路", ("后埔", "E"), (792, 1060)),
    Link("tertiary", "墟东路", ("墟头", "E"), (702, 480)),
    Link("tertiary", "东溪路", ("东陇", "W"), (727, 700)),
    Link("tertiary", "溪头西路", ("溪头", "W"), (424, -845)),
    Link("track", "", ("上寨", "N"), (-1260, 1190)),
    Link("track", "", ("下寨", "W"), (-1770, -560)),
    Link("track", "", ("东陇", "N"), (1330, 1200)),
    Link("track", "", ("溪头", "E"), (1560, -860)),
)


@dataclass(frozen=True)
class Plot:
    """A public compound beside a road.

    Parameters
    ----------
    kind : str
        Kind of place (`geo.osm.features`).
    name : str
    plan : str
        How its ground is built on (`geo.synthetic.countryside.compound`).
    road : str
        Name of the road or link.
    share : float
        Where along it, 0 to 1; the nearest free place is taken.
    along_m, deep_m : float
        Size of its ground.
    """

    kind: str
    name: str
    plan: str
    road: str
    share: float
    along_m: float
    deep_m: float


MAIN, COUNTY = ROADS[0].name, ROADS[1].name
PLOTS = (
    Plot("market", "榕渚农贸市场", "shed", MAIN, 0.575, 66, 46),
    Plot("police", "榕渚派出所", "yard", MAIN, 0.630, 46, 44),
    Plot("government", "榕渚镇政府", "yard", MAIN, 0.662, 64, 58),
    Plot("hospital", "榕渚卫生院", "yard", COUNTY, 0.40, 70, 56),
    Plot("school", "榕渚中学", "school", COUNTY, 0.30, 118, 92),
    Plot("station", "榕渚客运站", "block", MAIN, 0.715, 44, 30),
    Plot("fuel", "榕渚加油站", "block", MAIN, 0.34, 26, 16),
    Plot("school", "上寨小学", "school", "上寨路", 0.25, 78, 60),
    Plot("school", "莲塘小学", "school", "莲塘路", 0.35, 74, 58),
    Plot("school", "下寨小学", "school", "下寨路", 0.30, 82, 62),
    Plot("school", "沟尾小学", "school", "沟尾路", 0.12, 72, 56),
    Plot("school", "墟头小学", "school", "墟后路", 0.35, 80, 60),
    Plot("school", "东陇小学", "school", "东陇路", 0.30, 78, 60),
    Plot("school", "溪头小学", "school", "溪头路", 0.10, 76, 58),
    Plot("school", "后埔小学", "school", "后埔路", 0.30, 70, 54),
)


@dataclass(frozen=True)
class Door:
    """A public place behind a door on a street: kind, name, and where its street is (a road, or a village's
    gate street such as ("墟头", "S")) and how far along."""

    kind: str
    name: str
    street: str | tuple[str, str]
    share: float


DOORS = (
    Door("bank", "榕渚信用社", MAIN, 0.602),
    Door("bank", "榕渚邮政储蓄所", MAIN, 0.648),
    Door("bank", "墟头信用社代办点", ("墟头", "E"), 0.5),
    Door("bank", "东陇信用社代办点", ("东陇", "S"), 0.5),
    Door("bank", "下寨信用社代办点", ("下寨", "N"), 0.5),
    Door("kindergarten", "榕渚中心幼儿园", ("墟头", "N"), 0.6),
    Door("kindergarten", "上寨幼儿园", ("上寨", "E"), 0.4),
    Door("kindergarten", "下寨幼儿园", ("下寨", "E"), 0.4),
    Door("kindergarten", "东陇幼儿园", ("东陇", "W"), 0.5),
    Door("kindergarten", "溪头幼儿园", ("溪头", "W"), 0.5),
    Door("market", "下寨菜市场", ("下寨", "W"), 0.3),
    Door("market", "东陇菜市场", ("东陇", "S"), 0.2),
    *(
        Door("government", f"{site.short}村党群服务中心", (site.short, site.gates[0]), 0.12)
        for site in VILLAGES
    ),
    *(Door("worship", f"{site.short}老爷宫", (site.short, site.gates[-1]), 0.85) for site in VILLAGES),
)

# Stretches of road lined with shops: road, from and until as shares of its length.
SHOPS = (
    (MAIN, 0.50, 0.76),
    (MAIN, 0.27, 0.33),
    (MAIN, 0.80, 0.87),
    (COUNTY, 0.33, 0.52),
    (COUNTY, 0.68, 0.74),
    ("墟头路", 0.0, 1.0),
    ("墟东路", 0.05, 0.9),
    ("莲墟路", 0.78, 1.0),
    ("上寨路", 0.0, 0.14),
    ("上寨路", 0.80, 1.0),
    ("莲塘路", 0.66, 1.0),
    ("下寨路", 0.0, 0.12),
    ("下沟路", 0.0, 0.35),
    ("沟尾路", 0.0, 0.06),
    ("沟溪路", 0.0, 0.12),
    ("墟后路", 0.0, 0.3),
    ("后埔路", 0.0, 0.2),
    ("东溪路", 0.0, 0.18),
    ("东陇路", 0.0, 0.15),
    ("溪头路", 0.0, 0.05),
    ("溪头西路", 0.0, 0.3),
)
