"""OpenStreetMap files made by hand."""


def osm_file(path, nodes, ways=(), relations=()):
    """An .osm file: nodes {id: (lon, lat, tags)}, ways (id, refs, tags), relations (id, members, tags)."""

    def tags_of(tags):
        return "".join(f'<tag k="{k}" v="{v}"/>' for k, v in tags.items())

    text = '<osm version="0.6">'
    for key, (lon, lat, tags) in nodes.items():
        text += f'<node id="{key}" version="1" lon="{lon}" lat="{lat}">{tags_of(tags)}</node>'
    for key, refs, tags in ways:
        text += (
            f'<way id="{key}" version="1">'
            + "".join(f'<nd ref="{r}"/>' for r in refs)
            + tags_of(tags)
            + "</way>"
        )
    for key, members, tags in relations:
        text += f'<relation id="{key}" version="1">'
        text += "".join(f'<member type="way" ref="{r}" role="{role}"/>' for r, role in members)
        text += tags_of(tags) + "</relation>"
    path.write_text(text + "</osm>", encoding="utf-8")
    return path


def grid(*cells):
    """Nodes on a small grid east of Greenwich: {id: (column, row)} -> lon, lat steps of 0.001."""
    return {key: (10.0 + 0.001 * x, 50.0 + 0.001 * y, {}) for key, x, y in cells}
