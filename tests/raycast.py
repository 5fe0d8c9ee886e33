"""Two independent judges of footprints, sharing no code and no method with them.

The ray caster meets every ray with every edge near the camera, in plain polar coordinates; the seen area is
the integral of ½ · (outer² − inner²) over the angle by the midpoint rule. The shadow view is exact and slow.
"""

import numpy as np
import shapely


def edges_of(polygons):
    """All boundary edges (exteriors and holes) as an (n, 4) array."""
    rings = shapely.get_rings(shapely.get_parts(np.asarray(polygons, dtype=object)))
    chains = [shapely.get_coordinates(ring) for ring in rings]
    if not chains:
        return np.empty((0, 4))
    return np.vstack([np.hstack([chain[:-1], chain[1:]]) for chain in chains])


def ray_lengths(x, y, angles, reach, edges):
    """Distance along each ray to the first edge, at most `reach`; angles in radians anticlockwise from +x."""
    p = edges[:, :2] - (x, y)
    e = edges[:, 2:] - edges[:, :2]
    box_low, box_high = np.minimum(p, p + e), np.maximum(p, p + e)
    close = np.all((box_low <= reach) & (box_high >= -reach), axis=1)
    p, e = p[close], e[close]
    if not len(p):
        return np.full(len(angles), float(reach))
    dx, dy = np.cos(angles)[:, None], np.sin(angles)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        turn = dx * e[:, 1] - dy * e[:, 0]
        along = (p[:, 0] * e[:, 1] - p[:, 1] * e[:, 0]) / turn
        share = (p[:, 0] * dy - p[:, 1] * dx) / turn
    met = (turn != 0) & (along > 0) & (share >= 0) & (share <= 1)
    return np.minimum(np.where(met, along, np.inf).min(axis=1), reach)


def ray_area(x, y, azimuth_deg, width_deg, near, far, polygons, rays=4000):
    """Seen area of one camera outside all polygons, m², and the error bound of the midpoint rule.

    The bound is half a ray's angle times the sum of all jumps of ½ r² from ray to ray.
    """
    width = np.radians(min(width_deg, 360.0))
    middle = np.pi / 2 - np.radians(0.0 if np.isnan(azimuth_deg) else azimuth_deg)
    angles = middle - width / 2 + (np.arange(rays) + 0.5) * width / rays
    length = ray_lengths(x, y, angles, far, edges_of(polygons))
    strips = np.maximum(length**2 - near**2, 0.0) / 2
    return strips.sum() * width / rays, np.abs(np.diff(strips)).sum() * width / rays / 2


def shadow_view(x, y, sector, polygons, far=1e5):
    """What is left of a sector around (x, y) after GEOS cuts away every building and every edge's shadow.

    Exact, as footprints are, but by overlays. Shadows end at `far` metres: an edge seen under almost 180°
    needs that much for its shadow to reach past the sector. Polygons must be valid.
    """
    solid = [part for part in shapely.get_parts(np.asarray(polygons, dtype=object)) if not part.is_empty]
    seen = sector
    for part in solid:
        cuts = [part]
        for x0, y0, x1, y1 in edges_of([part]):
            p, q = np.array([x0 - x, y0 - y]), np.array([x1 - x, y1 - y])
            # An edge along the sight has no shadow.
            if abs(p[0] * q[1] - p[1] * q[0]) > 1e-9 * np.linalg.norm(q - p):
                p_far, q_far = p * far / np.linalg.norm(p), q * far / np.linalg.norm(q)
                cuts.append(shapely.Polygon(np.add([p, q, q_far, p_far], (x, y))))
        seen = seen.difference(shapely.union_all(cuts))
    return seen


def hidden_stretches(enter, leave, roof, eye, target):
    """Where along a ray a solid over [enter, leave] of it hides a target: a list of (from, to).

    From similar triangles alone: over the solid the sight to a target is lowest at one of its two ends, and
    is stopped where it is lower there than the roof. What is not known (NaN) hides without end.
    """
    if not roof < max(eye, target):
        return [(enter, np.inf)]
    if eye <= target:
        return [(enter, leave)] + ([(enter * (target - eye) / (roof - eye), np.inf)] if roof > eye else [])
    if roof >= eye:
        return [(enter, np.inf)]
    return [(enter, leave if roof <= target else leave * (eye - target) / (eye - roof))]


def shadow_view_over(x, y, sector, polygons, roofs, eye, target, far=1e5):
    """`shadow_view` among solids with a height: a shadow ends where the sight comes down to the target.

    A shadow is swept by copies of the polygon blown up around the camera by all factors between two: it is
    the smallest copy, the largest, and a quadrilateral for each edge.
    """
    seen = sector
    for geometry, roof in zip(polygons, roofs, strict=True):
        for part in shapely.get_parts(geometry):
            for low, high in hidden_stretches(1.0, 1.0, roof, eye, target):
                copies = [
                    shapely.transform(part, lambda c, k=k: (c - (x, y)) * k + (x, y))
                    for k in {low, high} - {np.inf}
                ]
                sides = [_swept_by(edge, x, y, low, min(high, far), far) for edge in edges_of([part])]
                seen = seen.difference(
                    shapely.union_all([*copies, *(side for side in sides if side is not None)])
                )
    return seen


def _swept_by(edge, x, y, low, high, far):
    """Quadrilateral between two copies of an edge, the second `far` metres away where that is its factor."""
    p, q = edge[:2] - (x, y), edge[2:] - (x, y)
    if low >= high or abs(p[0] * q[1] - p[1] * q[0]) <= 1e-9 * np.linalg.norm(q - p):
        return None
    p_high, q_high = (end * high / (np.linalg.norm(end) if high == far else 1.0) for end in (p, q))
    return shapely.Polygon(np.add([low * p, low * q, q_high, p_high], (x, y)))


def ray_area_over(x, y, azimuth_deg, width_deg, near, far, polygons, roofs, eye, target, rays=1500):
    """Seen area of one camera among solids, m²: what `hidden_stretches` leave along every ray."""
    width = np.radians(min(width_deg, 360.0))
    middle = np.pi / 2 - np.radians(0.0 if np.isnan(azimuth_deg) else azimuth_deg)
    angles = middle - width / 2 + (np.arange(rays) + 0.5) * width / rays
    hidden = [[] for _ in angles]
    for geometry, roof in zip(polygons, roofs, strict=True):
        for ray, ends in enumerate(_crossings(x, y, angles, edges_of([geometry]))):
            for enter, leave in zip(ends[::2], ends[1::2], strict=True):
                hidden[ray] += hidden_stretches(enter, leave, roof, eye, target)
    seen = 0.0
    for stretches in hidden:
        reached = near
        for start, end in [*sorted(stretches), (far, far)]:
            if min(start, far) > reached:
                seen += (min(start, far) ** 2 - reached**2) / 2
            reached = max(reached, end)
    return seen * width / rays


def _crossings(x, y, angles, edges):
    """Sorted distances at which each ray crosses the edges; an edge holds its first end and not its last."""
    p, q = edges[:, :2] - (x, y), edges[:, 2:] - (x, y)
    dx, dy = np.cos(angles)[:, None], np.sin(angles)[:, None]
    side_p, side_q = dx * p[:, 1] - dy * p[:, 0], dx * q[:, 1] - dy * q[:, 0]
    crossed = (side_p < 0) != (side_q < 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = side_p / (side_p - side_q)
        along = (p[:, 0] + share * (q - p)[:, 0]) * dx + (p[:, 1] + share * (q - p)[:, 1]) * dy
    met = crossed & (along > 0)
    return [np.sort(along[ray, met[ray]]) for ray in range(len(angles))]
