"""GB/T 28181 Catalog answers: both forms, both encodings, several parts, and XML that means harm."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pytest

from cameras.importers import catalog, read_cameras
from geo.errors import InputRefused
from web.recognising import recognise

CAMERA = "44051300001320000001"
AREA = (116.0, 23.0, 117.0, 24.0)


def item(code: str = CAMERA, **fields: str) -> str:
    told = {"DeviceID": code, "Longitude": "116.60123", "Latitude": "23.26123"} | fields
    return "<Item>" + "".join(f"<{tag}>{text}</{tag}>" for tag, text in told.items()) + "</Item>"


def answer(*items: str, total: int | None = None, declared: str = "GB2312") -> str:
    return (
        f'<?xml version="1.0" encoding="{declared}"?>\n<Response><CmdType>Catalog</CmdType><SN>7</SN>'
        f"<DeviceID>44051300002000000001</DeviceID><SumNum>{len(items) if total is None else total}</SumNum>"
        f'<DeviceList Num="{len(items)}">{"".join(items)}</DeviceList></Response>\n'
    )


@pytest.fixture
def written(tmp_path):
    def write(content: str, encoding: str = "gb18030"):
        path = tmp_path / "catalog.xml"
        path.write_bytes(content.encode(encoding))
        return path

    return write


def read(path, **options):
    return read_cameras(path, datum="cgcs2000", area=AREA, **options)


def refused(path, **options) -> tuple[str, list[str]]:
    with pytest.raises(InputRefused) as caught:
        read(path, **options)
    return str(caught.value), [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig"])
@pytest.mark.parametrize("declared", ["GB2312", "GB18030", "UTF-8"])
def test_a_name_is_read_whatever_the_declaration_says(written, encoding: str, declared: str) -> None:
    """㙟 is in GB 18030 and not in GB 2312; devices declare the one and send the other."""
    path = written(answer(item(Name="㙟下寨村口"), declared=declared), encoding)
    assert read(path).frame["name"].tolist() == ["㙟下寨村口"]


def test_the_2016_form_is_read_field_by_field(written) -> None:
    fields = {"Name": "桥头", "PTZType": "1", "DirectionType": "6", "ParentID": "44051300001180000001"}
    frame = read(written(answer(item(**fields, Password="Secret-1")))).frame
    row = frame.iloc[0]
    assert (row["code"], row["name"], row["parent_code"]) == (CAMERA, "桥头", "44051300001180000001")
    assert (row["azimuth_deg"], row["azimuth_quality"], row["ptz"]) == (45.0, "coarse", True)
    assert (row.geometry.x, row.geometry.y) == (116.60123, 23.26123)
    assert not frame.astype(str).apply(lambda column: column.str.contains("Secret")).to_numpy().any()


def test_the_2022_form_has_fields_below_info(written) -> None:
    info = (
        "<Info><PTZType>3</PTZType><DirectionType>3</DirectionType><Resolution>4/6/5</Resolution>"
        "<HorizontalFieldAngle>87.5</HorizontalFieldAngle><VerticalFieldAngle>0</VerticalFieldAngle></Info>"
    )
    row = read(written(answer(item().replace("</Item>", f"{info}</Item>")))).frame.iloc[0]
    assert (row["azimuth_deg"], row["hfov_deg"], row["ptz"]) == (180.0, 87.5, False)
    assert (row["width_px"], row["height_px"]) == (1920.0, 1080.0), "the finest of those it can send"
    assert np.isnan(row["vfov_deg"]), "0 stands where nothing is known"


@pytest.mark.parametrize("between", ["", "\n\n"])
def test_the_parts_of_an_answer_are_one_list(written, between: str) -> None:
    first, second = item(), item("44051300001310000002")
    parts = answer(first, total=2), answer(second, total=2)
    found = read(written(between.join(parts)))
    assert found.frame["code"].tolist() == [CAMERA, "44051300001310000002"]
    assert found.frame.index.tolist() == [1, 2] and found.findings == ()
    without_declaration = "".join(part.split("\n", 1)[1].strip() for part in parts)
    assert len(read(written(without_declaration)).frame) == 2


def test_a_part_that_is_missing_is_told(written) -> None:
    (finding,) = read(written(answer(item(), total=5))).findings
    assert "announces 5 items and 1 are here" in finding
    no_count = answer(item()).replace("<SumNum>1<", f"<SumNum>{'9' * 5000}<")
    assert read(written(no_count)).findings == ()


def test_areas_groups_and_recorders_are_passed_over_and_counted(written) -> None:
    others = (item("440513"), item("44051300002160000001"), item("44051300001180000001", Parental="1"))
    found = read(written(answer(*others, item())))
    assert found.frame["code"].tolist() == [CAMERA] and found.frame.index.tolist() == [4]
    assert found.findings == ("3 items are areas, groups or recorders and were passed over",)
    message, _ = refused(written(answer(*others)))
    assert "3 items and not one camera" in message


def test_a_device_that_is_a_camera_itself_is_taken_and_told(written) -> None:
    alone = item("44051300001180000001", ParentID="44051300001180000001", Parental="0")
    found = read(written(answer(alone)))
    assert found.frame["parent_code"].tolist() == [None], "it is not its own recorder"
    assert "have the code of a recorder" in found.findings[0]


def test_an_item_that_came_twice_alike_is_taken_once_and_unlike_refused(written) -> None:
    found = read(written(answer(item(), item())))
    assert len(found.frame) == 1 and "twice, alike" in found.findings[0]
    _, problems = refused(written(answer(item(), item(Name="另"))))
    assert problems == [f"item 2: code '{CAMERA}' stands in item 1 too; give each its own"]


def test_a_place_that_is_none_is_refused_with_the_number_of_its_item(written) -> None:
    path = written(answer(item("44051300001320000002", Longitude="0", Latitude="0"), item()))
    _, problems = refused(path)
    assert problems[0].startswith("item 1: longitude 0, latitude 0 is a place-holder")
    kept = read(path, keep_good=True)
    assert kept.frame["code"].tolist() == [CAMERA] and len(kept.problems) == 1


def test_a_direction_of_no_meaning_is_unknown_and_told(written) -> None:
    found = read(written(answer(item(DirectionType="0"), item("44051300001320000002", DirectionType="9"))))
    assert found.frame["azimuth_quality"].tolist() == ["unknown", "unknown"], "0 is not north"
    assert found.findings == ("2 cameras have a DirectionType other than 1 to 8; their direction is unknown",)


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
OUTSIDE = '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'


@pytest.mark.parametrize("harm", [BOMB, OUTSIDE, '<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">'])
def test_a_document_type_is_refused_before_anything_is_read(written, harm: str) -> None:
    whole = answer(item(Name="&b;")).replace("?>\n", f"?>\n{harm}", 1)
    message, _ = refused(written(whole))
    assert "document type (DOCTYPE)" in message and "root:" not in message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is no XML"),
        ("code,lon,lat\n1,2,3\n", "is no XML"),
        (answer(item())[:-20], "is no XML"),
        ("<kml/>", "is no GB/T 28181 catalog (kml )"),
        ("<Response><CmdType>DeviceInfo</CmdType></Response>", "(Response DeviceInfo)"),
        ("<Notify><CmdType>Catalog</CmdType></Notify>", "(Notify Catalog)"),
        (answer(), "lists 0 items and not one camera"),
        ("<Response>" * 100_000, "is no XML"),
    ],
)
def test_what_is_no_catalog_is_refused_in_words(written, content: str, said: str) -> None:
    message, _ = refused(written(content))
    assert said in message and message.startswith("catalog.xml")


def test_bytes_of_no_encoding_and_files_beyond_the_limit_are_refused(tmp_path, written, monkeypatch) -> None:
    path = tmp_path / "b.xml"
    path.write_bytes(b"<Response>\xff\xff\xff</Response>")
    assert "neither UTF-8 nor GB 18030" in refused(path)[0]
    monkeypatch.setattr(catalog, "MOST_BYTES", 100)
    assert "larger than" in refused(written(answer(item())))[0]


def test_the_wizard_knows_a_catalog_for_what_it_is(written) -> None:
    look = recognise(written(answer(item(Name="桥头", DirectionType="1"))))
    assert (look.kind, look.kinds, look.rows) == ("cameras", ("cameras",), 1)
    assert look.samples["direction"] == ("东",)


def test_a_list_with_turning_cameras_and_no_types_is_read(tmp_path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("code,lon,lat,ptz\na,116.6,23.26,是\nb,116.7,23.26,否\n", encoding="utf-8")
    assert read(path).frame["ptz"].tolist() == [True, False]


def test_the_rest_of_an_item_stands_on_the_record(written) -> None:
    told = {
        "Manufacturer": "海康威视",
        "CivilCode": "440513",
        "Status": "ON",
        "IPAddress": "10.1.2.3",
        "Port": "5060",
        "RecordSaveDays": "30",
        "InstallTime": "2021-03-04T00:00:00",
        "SupplyLightType": "2",
        "PointType": "1",
        "MaxViewDistance": "0",
        "RoomType": "7",
    }
    found = read(written(answer(item(**told))))
    row = found.frame.iloc[0]
    assert (row["manufacturer"], row["civil_code"], row["ip_address"]) == ("海康威视", "440513", "10.1.2.3")
    assert (row["status"], row["port"], row["record_days"]) == (1, 5060, 30)
    assert (row["installed_on"], row["supply_light"], row["point_class"]) == (date(2021, 3, 4), 2, 1)
    assert np.isnan(row["max_view_m"]) and np.isnan(row["room_type"])
    (finding,) = found.findings
    assert finding.startswith("1 cells of “Indoors or outdoors” are not understood"), (
        "7 is neither in nor out"
    )
    assert (row["source_datum"], row["source_row"]) == ("cgcs2000", 1)


APE = {
    "ApeID": "44051300001190000001",
    "Name": "下寨村口",
    "Longitude": 116.60123,
    "Latitude": 23.26123,
    "MonitorDirection": "3",
    "CapDirection": 0,
    "OrgCode": "440513",
    "IsOnline": "1",
    "Port": 0,
    "UserId": "admin",
    "Password": "Secret-1",
}


@pytest.mark.parametrize("whole", [True, False], ids=["list", "one alone"])
def test_capture_devices_of_ga_t_1400_are_read(tmp_path, whole: bool) -> None:
    """MonitorDirection 3 is from north to south: the axis points south."""
    path = tmp_path / "apes.json"
    content = {"APEListObject": {"APEObject": [APE]}} if whole else {"APEObject": APE}
    path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    row = read(path).frame.iloc[0]
    assert (row["code"], row["name"], row["status"]) == (APE["ApeID"], "下寨村口", 1)
    assert (row["azimuth_deg"], row["azimuth_quality"]) == (180.0, "coarse")
    assert np.isnan(row["port"])
    assert not row.astype(str).str.contains("Secret").any()
    assert recognise(path).kinds == ("cameras",)


@pytest.mark.parametrize(
    "content", ['{"APEListObject": {"APEObject": []}}', '{"APEListObject": [', '{"APEObject": 5}']
)
def test_a_list_without_devices_is_refused(tmp_path, content: str) -> None:
    path = tmp_path / "apes.json"
    path.write_text(content, encoding="utf-8")
    message, _ = refused(path)
    assert "not one device" in message or "no JSON" in message
