"""What is wrong with codes: their form, their kind of device, their county, one camera under two.

A GB/T 28181 device code has 20 digits: 8 centre (county by GB/T 2260 and 2) · 2 industry · 3 type · 1 network
· 6 serial (GB/T 28181-2022, annex E; DOMAIN §3).
"""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cameras.audit.found import of_cameras, texts
from cameras.audit.places import place_labels
from cameras.audit.scene import AuditScene, AuditSettings
from geo.errors import Sentence

CAMERA_TYPES = ("131", "132")
TYPE_WORDS = {
    "111": Sentence("a digital video recorder"),
    "118": Sentence("a network video recorder"),
    "200": Sentence("a signalling server"),
    "215": Sentence("a business group"),
    "216": Sentence("a virtual organisation"),
}
OTHER_TYPE = Sentence("another device")
# A number in a spreadsheet: 4.40513E+19; or written out again, with zeros where its digits ended.
_EXPONENT = re.compile(r"\d(\.\d+)?[eE]\+?\d{1,2}")
_ROUNDED = "00000"
# First two digits of GB/T 2260 codes: provinces.
_PROVINCES = frozenset(
    f"{part}{n}"
    for part, most in ((1, 5), (2, 3), (3, 7), (4, 6), (5, 4), (6, 5), (7, 1), (8, 2))
    for n in range(1, most + 1)
) | {"50"}
# Names that more records have than this say nothing of one camera.
_MOST_NAMESAKES = 3
_SHORTEST_NAME = 4


def _well_formed(codes: pd.Series) -> NDArray[np.bool_]:
    return codes.str.fullmatch(r"[0-9]{20}").to_numpy(bool)


def code_ruined(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Codes that a spreadsheet took for numbers."""
    codes = texts(scene, "code")
    rows = np.flatnonzero(_ruined(codes))
    told = [
        Sentence("the code reads %(code)s, as a spreadsheet shows a number", code=code)
        if _EXPONENT.fullmatch(code)
        else Sentence("the last five digits of %(code)s are 0, where a spreadsheet rounds", code=code)
        for code in codes.iloc[rows]
    ]
    return of_cameras(scene, "code_ruined", rows, told)


def _ruined(codes: pd.Series) -> NDArray[np.bool_]:
    exponent = codes.str.fullmatch(_EXPONENT.pattern).to_numpy(bool)
    rounded: NDArray[np.bool_] = exponent | (
        _well_formed(codes) & codes.str.endswith(_ROUNDED).to_numpy(bool)
    )
    return rounded


def code_malformed(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Codes without 20 digits: those made of digits always, others where the site uses such codes."""
    codes = texts(scene, "code")
    bad = ~_well_formed(codes) & ~_ruined(codes)
    usual = settings.codes == "always" or (
        settings.codes == "auto" and np.count_nonzero(~bad) * 2 > len(codes)
    )
    if settings.codes == "never":
        bad[:] = False
    elif not usual:
        bad &= codes.map(_plain).str.fullmatch(r"[0-9]{7,}").to_numpy(bool)
    rows = np.flatnonzero(bad)
    return of_cameras(scene, "code_malformed", rows, [_malformed(code) for code in codes.iloc[rows]])


def _malformed(code: str) -> Sentence:
    plain = _plain(code)
    if re.fullmatch("[0-9]{20}", plain):
        return Sentence("%(code)s has full-width digits, spaces or dashes among its 20 digits", code=code)
    if re.fullmatch("[0-9]+", plain):
        return Sentence("%(code)s has %(n)s digits instead of 20", code=code, n=len(plain))
    return Sentence("%(code)s is not made of 20 digits", code=code)


def _plain(code: str) -> str:
    """A code in half-width characters, without what people put between digits."""
    return re.sub(r"[\s\-_.'’]", "", unicodedata.normalize("NFKC", code))


def code_type(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Codes whose type is no camera's."""
    codes = texts(scene, "code")
    kinds = codes.str[10:13]
    rows = np.flatnonzero(_well_formed(codes) & ~_ruined(codes) & ~kinds.isin(CAMERA_TYPES).to_numpy())
    told = [
        Sentence(
            "digits 11 to 13 of the code are %(type)s: %(what)s",
            type=kind,
            what=TYPE_WORDS.get(kind, OTHER_TYPE),
        )
        for kind in kinds.iloc[rows]
    ]
    return of_cameras(scene, "code_type", rows, told)


def code_twice(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Pairs of records alike but for county and station, with the same name, address in the net or place.

    The serials of two counties are given independently of each other: the same one in both says nothing
    without the rest.
    """
    codes = texts(scene, "code").map(_plain).str.upper()
    names, devices = texts(scene, "name"), texts(scene, "ip_address")
    told_apart = names.str.len().ge(_SHORTEST_NAME) & (names.map(names.value_counts()) <= _MOST_NAMESAKES)
    digits = codes.str.fullmatch(r"[0-9]{20}")
    tail = codes.str[8:].where(digits, "")
    places = pd.Series(place_labels(scene.cameras, settings.same_place_m)).astype(str)
    partner = np.full(len(codes), -1, dtype=np.int64)
    _pair(partner, codes, np.full(len(codes), True))
    for same, known in (
        (names, told_apart),
        (devices, devices != ""),
        (places, pd.Series(True, index=codes.index)),
    ):
        _pair(partner, tail + "|" + same, (known & digits).to_numpy(bool))
    rows = np.flatnonzero(partner >= 0)
    others = scene.cameras["code"].to_numpy(dtype=object)[partner[rows]]
    told = [Sentence("the record %(code)s is alike but for its first digits", code=code) for code in others]
    return of_cameras(scene, "code_twice", rows, told)


def _pair(partner: NDArray[np.int64], keys: pd.Series, known: NDArray[np.bool_]) -> None:
    """Note for each row of a key that several share the next one of them (the first, for the last)."""
    rows = np.flatnonzero(known)
    groups = pd.Series(rows).groupby(keys.iloc[rows].to_numpy(dtype=object), sort=False)
    after = groups.shift(-1).fillna(groups.transform("first")).to_numpy(np.int64)
    several = (groups.transform("size") > 1).to_numpy(bool) & (partner[rows] < 0)
    partner[rows[several]] = after[several]


def code_elsewhere(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Codes of another county than the camera stands in."""
    codes = texts(scene, "code")
    return _elsewhere(scene, "code_elsewhere", codes.where(_well_formed(codes), ""))


def area_elsewhere(scene: AuditScene, settings: AuditSettings) -> pd.DataFrame:
    """Administrative areas (CivilCode) of another county than the camera stands in."""
    return _elsewhere(scene, "area_elsewhere", texts(scene, "civil_code"))


def _elsewhere(scene: AuditScene, kind: str, codes: pd.Series) -> pd.DataFrame:
    areas = counties(scene.jurisdictions)
    paths = texts(scene, "jurisdiction_path")
    expected = paths.map(areas["county"]).fillna("")
    given = codes.where(codes.str.fullmatch(r"[0-9]{6,20}"), "").str[:6]
    # A city's own platform has 00 in place of the county, and an area may be told no finer than the city.
    of_city = given.str[4:] == "00"
    same = (given == expected) | ((given.str[:4] == expected.str[:4]) & (of_city | (expected.str.len() == 4)))
    rows = np.flatnonzero((expected != "") & (given != "") & ~same)
    names = paths.map(areas["name"]).fillna("")
    told = [
        Sentence(
            "the code begins with %(given)s; the camera stands in %(name)s (%(expected)s)",
            given=given.iloc[row],
            name=names.iloc[row],
            expected=expected.iloc[row],
        )
        for row in rows
    ]
    return of_cameras(scene, kind, rows, told)


def counties(jurisdictions: pd.DataFrame) -> pd.DataFrame:
    """The GB/T 2260 county each jurisdiction lies in.

    Parameters
    ----------
    jurisdictions : DataFrame
        path, code, name. Codes that are no administrative ones (six digits and more, of a known province) are
        passed over; the uppermost county on the way down counts.

    Returns
    -------
    DataFrame
        By path: `county` (six digits; four where only the city is told; "" where nothing is) and the `name`
        of the jurisdiction that told it.
    """
    found: dict[str, tuple[str, str]] = {}
    ordered = jurisdictions.iloc[
        np.argsort([path.count(".") for path in jurisdictions["path"]], kind="stable")
    ]
    for path, code, name in zip(ordered["path"], ordered["code"], ordered["name"], strict=True):
        above = found.get(path.rpartition(".")[0], ("", ""))
        own = _county(str(code))
        found[path] = (own, str(name)) if len(own) > len(above[0]) else above
    return pd.DataFrame.from_dict(found, orient="index", columns=["county", "name"], dtype="object")


def _county(code: str) -> str:
    if not re.fullmatch("[0-9]{6,12}", code) or code[:2] not in _PROVINCES or code[2:4] == "00":
        return ""
    return code[:4] if code[4:6] == "00" else code[:6]
