"""A page of all pieces, for tests and for looking at: no part of the product."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, Response, make_response, render_template, request
from jinja2 import ChoiceLoader, FileSystemLoader

from web import i18n, icons
from web.app import content_policy
from web.i18n import Translator
from web.maps.words import STATES
from web.tabular import Column, TablePage, TableSpec
from web.tabular.query import ask
from web.timeline import Line, Period, Timeline

WEB = Path(i18n.__file__).parent
ZONE = ZoneInfo("Asia/Shanghai")
WORDS = {
    "title": ("Cameras of the town", "镇区摄像机"),
    "area": ("Haojiang", "海门镇"),
    "lead": (
        "What each camera saw today, and since when it has been lost.",
        "每台摄像机今天拍到了什么，从何时起失联。",
    ),
    "on_map": ("On the map", "在地图上看"),
    "run": ("Run the analysis", "运行分析"),
    "sure": ("The analysis takes about four minutes.", "分析大约需要四分钟。"),
    "lost": ("Cameras lost", "失联摄像机"),
    "since": ("since yesterday 08:00", "自昨天 08:00 起"),
    "watched": ("Streets watched for certain", "确定看得到的街道"),
    "perhaps": ("perhaps 63 %, of 61.2 km of street", "可能 63 %，街道共 61.2 公里"),
    "cameras": ("Cameras", "摄像机"),
    "online": ("online 96 % of the time", "在线时间 96 %"),
    "crossed": ("Stops crossed", "交叉巡逻点"),
    "tonight": ("tonight, by two villages", "今晚由两个村巡到"),
    "map": ("Where they stand", "位置"),
    "facts": ("Record", "档案"),
    "code": ("Code", "编码"),
    "state": ("State", "状态"),
    "label": ("Data", "数据"),
    "share": ("Online", "在线率"),
    "evidence": ("Evidence of the day", "当天的证据"),
    "good": ("working", "正常"),
    "chart": ("Online share by hour", "每小时在线率"),
    "form": ("Change the record", "修改档案"),
    "height": ("Mounting height", "安装高度"),
    "wrong": ("-3 is below the ground; give metres above it.", "-3 在地面以下，请填写离地高度（米）。"),
    "why": ("Reason", "原因"),
    "empty": ("Imports", "导入"),
    "nothing": ("No import yet", "还没有导入"),
}

SPEC = TableSpec(
    "cameras",
    (
        Column("name", "Name", search=True),
        Column("code", "Code", "code", search=True),
        Column(
            "state",
            "State",
            "choice",
            filter="choice",
            words={key: words for key, (words, _) in STATES.items()},
            tones={"usable": "quiet", "degraded": "warn", "outage": "bad", "not_measured": "info"},
            colours={key: colour for key, (_, colour) in STATES.items()},
        ),
        Column("share", "Online", "share", filter="range"),
        Column("range_m", "Range", "length"),
        Column("seen_at", "Last seen", "moment", filter="period"),
    ),
    "SELECT 1",
    "-share",
    link="/cameras/{code}",
    path="path",
    geometry="geom",
    extra=("possible",),
)


def gallery_app() -> Flask:
    """An app with the one page ``/gallery`` and the error pages ``/error/<code>``."""
    app = Flask("gallery", template_folder=str(WEB / "templates"), static_folder=str(WEB / "static"))
    app.jinja_loader = ChoiceLoader(
        [FileSystemLoader(WEB / "templates"), FileSystemLoader(Path(__file__).parent / "gallery")]
    )
    app.secret_key = "gallery"
    i18n.init_app(app)
    app.jinja_env.globals["icon_drawing"] = icons.drawing
    app.jinja_env.globals["csrf_token"] = lambda: "token"

    @app.route("/gallery")
    def gallery() -> Response:
        rows_only = request.headers.get("HX-Target") == "table-cameras"
        return _page("gallery.html", layout="fragment.html" if rows_only else None, fragment=rows_only)

    @app.route("/error/<int:code>")
    def error(code: int) -> Response:
        return _page("error.html", code=code, title=words()["nothing"], sentence=words()["lead"])

    @app.route("/narrow")
    def narrow() -> Response:
        one = SimpleNamespace(path="hel.d1", label="海门镇", place="汕头市 › 潮阳区")
        return _page("components/choices.html", choices=[one], cut=True, query="", chosen=None)

    return app


def words() -> dict[str, str]:
    """The gallery's own texts, which no catalogue needs."""
    at = ("en", "zh").index(i18n.negotiated(request))
    return {key: pair[at] for key, pair in WORDS.items()}


def _page(template: str, **context: Any) -> Response:
    lang = i18n.negotiated(request)
    body = render_template(
        template,
        lang=lang,
        languages=i18n.LANGUAGE_NAMES,
        nonce="n0nce",
        account=SimpleNamespace(
            id=1, name="chen", display_name="陈志强" if lang == "zh" else "Chen Zhiqiang"
        ),
        may=lambda _: True,
        site=SimpleNamespace(
            name="", timezone="Asia/Shanghai", attribution="© OpenStreetMap contributors", scene="town"
        ),
        t=Translator(lang, ZONE),
        words=words(),
        narrowing=lambda: None,
        **pieces(),
        **context,
    )
    response = make_response(body)
    response.headers["Content-Security-Policy"] = content_policy("n0nce")
    return response


def pieces() -> dict[str, Any]:
    """Data of every piece."""
    midnight = datetime(2026, 11, 22, tzinfo=ZONE)
    hour = timedelta(hours=1)
    states = list(STATES)
    rows = [
        {
            "id": n,
            "name": f"{'东南西北'[n % 4]}门{n:02d}号" + ("（学校路口）" if n % 3 == 0 else ""),
            "code": f"4405130000131{n:07d}",
            "state": states[(n * 7) % len(states)],
            "share": None if n == 4 else 1 - n / 30,
            "possible": 1 - n / 60,
            "range_m": 30.0 + 17 * n,
            "seen_at": midnight.astimezone(UTC) + n * hour,
        }
        for n in range(1, 26)
    ]
    asked = ask(SPEC, request.args.to_dict())
    table = TablePage(
        SPEC, rows, 312, min(asked.page, 13), 25, asked.sort, asked.filters, None, asked.problems, True
    )
    strips = Timeline(
        midnight,
        midnight + 24 * hour,
        [
            Line(
                f"东门{n:02d}号",
                [
                    Period(midnight, midnight + (6 + n) * hour, "OK", "good"),
                    Period(midnight + (6 + n) * hour, midnight + (9 + 2 * n) * hour, "!", "bad", text=str(n)),
                    Period(midnight + (9 + 2 * n) * hour, midnight + 24 * hour, "OK", "good"),
                ],
                href=f"/cameras/{n}",
            )
            for n in range(1, 5)
        ],
    )
    points = [
        {
            "type": "Feature",
            "id": row["id"],
            "geometry": {"type": "Point", "coordinates": [116.61 + n % 6 / 400, 23.19 + n // 6 / 500]},
            "properties": {"label": row["name"], "colour": STATES[row["state"]][1]},
        }
        for n, row in enumerate(rows)
    ]
    ring = [[116.607, 23.188], [116.626, 23.188], [116.626, 23.2], [116.607, 23.2], [116.607, 23.188]]
    area = {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": {}}
    return {
        "table": table,
        "strips": strips,
        "map_layers": [
            {
                "features": {"type": "FeatureCollection", "features": [area]},
                "colour": "#59626a",
                "fill": 0.04,
            },
            {
                "features": {"type": "FeatureCollection", "features": points},
                "fill": 1,
                "weight": 1,
                "frame": True,
            },
        ],
        "line_chart": {
            "kind": "share",
            "x": [f"{h:02d}:00" for h in range(24)],
            "series": [
                {"name": "A", "values": [0.9 - (h % 7) / 30 for h in range(24)]},
                {
                    "name": "B",
                    "values": [None if h == 5 else 0.7 - (h % 5) / 40 for h in range(24)],
                    "dashed": True,
                },
            ],
            "unit": "",
        },
        "bar_chart": {
            "kind": "bar",
            "x": ["A", "B", "C", "D"],
            "series": [{"name": "n", "values": [12, 7, 3, 1]}],
            "unit": "",
        },
    }
