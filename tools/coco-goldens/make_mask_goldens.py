"""Golden run lengths of pycocotools for packages/masks: polygons, boxes, unions, intersections, IoU.

    python3 -m venv ~/oracles && ~/oracles/bin/pip install pycocotools==2.0.11 numpy
    ~/oracles/bin/python tools/coco-goldens/make_mask_goldens.py

Writes packages/masks/src/goldens/masks.json. Coordinates have two decimals; IoUs are float64 as computed.
"""
import importlib.metadata
import json
import pathlib

import numpy as np
from pycocotools import mask as api

SEED = 8
TARGET = pathlib.Path(__file__).parent.parent.parent / "packages/masks/src/goldens/masks.json"
rng = np.random.default_rng(SEED)


def rounded(values):
    return [round(float(v), 2) for v in values]


def blob(height, width, corners, reach):
    """A closed outline around a place in or near the picture; with reach > 1 it leaves the picture."""
    angles = np.sort(rng.uniform(0, 2 * np.pi, corners))
    radii = rng.uniform(0.1, reach, corners)
    x = width * (rng.uniform(0.2, 0.8) + radii / 2 * np.cos(angles))
    y = height * (rng.uniform(0.2, 0.8) + radii / 2 * np.sin(angles))
    return rounded(np.stack([x, y], -1).reshape(-1))


def scribble(height, width, corners):
    """Corners anywhere: the outline crosses itself."""
    return rounded((rng.uniform(-0.2, 1.2, (corners, 2)) * [width, height]).reshape(-1))


def grid(height, width, corners):
    """Whole and half coordinates, where rounding matters most."""
    return rounded((rng.integers(0, [2 * width + 1, 2 * height + 1], (corners, 2)) / 2).reshape(-1))


def union(polygons, height, width):
    return api.merge(api.frPyObjects(polygons, height, width))


def described(mask):
    return {"counts": mask["counts"].decode(), "area": int(api.area(mask)), "box": [int(v) for v in api.toBbox(mask)]}


def polygon_cases():
    for index in range(120):
        height, width = (int(v) for v in rng.integers(1, 60, 2))
        corners = int(rng.integers(3, 12))
        make = [lambda: blob(height, width, corners, 0.6), lambda: blob(height, width, corners, 1.8)]
        make += [lambda: scribble(height, width, corners), lambda: grid(height, width, corners)]
        polygons = [make[index % 4]() for _ in range(1 + index % 3)]
        yield {"size": [height, width], "polygons": polygons, **described(union(polygons, height, width))}


def box_cases():
    for _ in range(12):
        height, width = (int(v) for v in rng.integers(1, 60, 2))
        x, y = rng.uniform(-0.1, 0.9, 2) * [width, height]
        box = rounded([x, y, *(rng.uniform(0, 0.8, 2) * [width, height])])
        mask = api.frPyObjects(np.array([box]), height, width)[0]
        yield {"size": [height, width], "given": box, **described(mask)}


def group_cases():
    """Masks of one picture with noise: what all have, what any has, and each against each."""
    for _ in range(4):
        height, width = (int(v) for v in rng.integers(5, 18, 2))
        noisy = [rng.random((height, width)) < p for p in (0.3, 0.9)]
        masks = [api.encode(np.asfortranarray(m.astype(np.uint8))) for m in noisy]
        masks += [union([blob(height, width, 6, 1.0)], height, width) for _ in range(2)]
        masks.append(api.encode(np.zeros((height, width), np.uint8, order="F")))
        crowd = [int(v) for v in rng.integers(0, 2, len(masks))]
        yield {
            "size": [height, width],
            "masks": [described(m) for m in masks],
            "union": described(api.merge(masks)),
            "intersection": described(api.merge(masks[:4], intersect=1)),
            "crowd": crowd,
            "iou": api.iou(masks, masks, crowd).tolist(),
        }


content = {
    "script": "tools/coco-goldens/make_mask_goldens.py",
    "seed": SEED,
    "precision": "float64",
    "pycocotools": importlib.metadata.version("pycocotools"),
    "polygons": list(polygon_cases()),
    "boxes": list(box_cases()),
    "groups": list(group_cases()),
}
text = json.dumps(content, separators=(",", ":")).replace('{"size"', '\n{"size"') + "\n"
assert len(text) < 60_000, len(text)
TARGET.parent.mkdir(parents=True, exist_ok=True)
TARGET.write_text(text)
print(len(text))
