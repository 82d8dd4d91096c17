"""Golden evaluations of pycocotools for packages/metrics: few pictures, much that is special in them.

    python3 -m venv ~/oracles && ~/oracles/bin/pip install pycocotools==2.0.11 numpy
    ~/oracles/bin/python tools/coco-goldens/make_eval_goldens.py

Writes packages/metrics/src/goldens/coco-evaluations.json: ground truths with crowds, all sizes, categories with gaps, pictures without
objects; detections with equal scores, duplicates, other categories, more than 100 in a picture; boxes and masks, with and without
categories. Coordinates have one decimal, scores two; results are float64 as computed.
"""
import contextlib
import copy
import importlib.metadata
import io
import json
import pathlib

import numpy as np
from pycocotools import mask as api
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

SEED = 9
TARGET = pathlib.Path(__file__).parent.parent.parent / "packages/metrics/src/goldens/coco-evaluations.json"
NAMES = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]
rng = np.random.default_rng(SEED)


def rounded(values, digits=1):
    return [round(float(v), digits) for v in values]


def evaluate(ground_truth, detections, iou_type, categories=True):
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = copy.deepcopy(ground_truth)
        truth.createIndex()
        results = truth.loadRes(copy.deepcopy(detections))
        evaluation = COCOeval(truth, results, iou_type)
        evaluation.params.useCats = int(categories)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    found = evaluation.eval
    first = int(np.argmax(found["recall"][0, :, 0, 2] > -1))
    return {
        "iouType": iou_type,
        "categories": categories,
        "stats": dict(zip(NAMES, evaluation.stats.tolist())),
        "curve": {
            "category": int(evaluation.params.catIds[first]),
            "precision": found["precision"][2, :, first, 0, 2].tolist(),
            "scores": found["scores"][2, :, first, 0, 2].tolist(),
        },
    }


def outline(x, y, w, h):
    """A hexagon in a box."""
    return rounded([x + w / 4, y, x + 3 * w / 4, y, x + w, y + h / 2, x + 3 * w / 4, y + h, x + w / 4, y + h, x, y + h / 2])


def draw_box(size, scale):
    w, h = rng.uniform(0.5, 1, 2) * scale
    return rounded([*(rng.uniform(0, 1, 2) * (np.array(size[::-1]) - [w, h])), w, h])


def scene(pictures, most_objects, most_found, masks):
    size = [120, 150]
    categories = [{"id": c} for c in (2, 3, 7)]
    images = [{"id": int(i), "height": size[0], "width": size[1]} for i in rng.permutation(pictures) * 3 + 5]
    annotations, detections = [], []
    for image in images:
        for _ in range(int(rng.integers(most_objects // pictures, most_objects + 1))):
            box = draw_box(size, rng.choice([20, 60, 118]))
            annotation = {"id": len(annotations) + 11, "image_id": image["id"], "category_id": int(rng.choice([2, 7])), "bbox": box}
            annotation["iscrowd"] = int(rng.random() < 0.2)
            mask = api.merge(api.frPyObjects([outline(*box)], *size))
            annotation["area"] = float(api.area(mask)) if masks else round(box[2] * box[3] * 0.8, 1)
            if masks and annotation["iscrowd"]:
                pixels = api.decode(mask).reshape(-1, order="F")
                edges = np.flatnonzero(np.diff(np.concatenate([[0], pixels]).astype(int)))
                annotation["segmentation"] = {"size": size, "counts": np.diff([0, *edges, pixels.size]).tolist()}
            elif masks:
                annotation["segmentation"] = [outline(*box)]
            annotations.append(annotation)
        own = [a for a in annotations if a["image_id"] == image["id"]]
        for _ in range(int(rng.integers(most_found // pictures, most_found + 1))):
            if own and rng.random() < 0.8:
                near = own[int(rng.integers(len(own)))]
                category = near["category_id"]
                shift = rng.normal(0, rng.choice([0.01, 0.06, 0.2]), 4) * near["bbox"][2]
                box = rounded(np.maximum(0, np.array(near["bbox"]) + shift))
            else:
                category, box = int(rng.choice([2, 3, 7])), draw_box(size, rng.choice([20, 60, 118]))
            found = {"image_id": image["id"], "category_id": category, "score": round(float(rng.random()), 1 + int(rng.integers(2)))}
            if masks:
                mask = api.merge(api.frPyObjects([outline(*box)], *size))
                found["segmentation"] = {"size": size, "counts": mask["counts"].decode()}
            else:
                found["bbox"] = box
            detections.append(found)
    detections = [detections[i] for i in rng.permutation(len(detections))]
    return {"images": images, "categories": categories, "annotations": annotations}, detections


def cases():
    for name, masks, arguments in [("boxes", False, (9, 5, 16)), ("crowded", False, (1, 9, 260)), ("masks", True, (5, 5, 14))]:
        truth, detections = scene(*arguments, masks)
        if name == "crowded":
            for entry in [*truth["annotations"], *detections]:
                entry["category_id"] = 7
        runs = [evaluate(truth, detections, "bbox"), evaluate(truth, detections, "bbox", categories=False)]
        if masks:
            runs += [evaluate(truth, detections, "segm"), evaluate(truth, detections, "segm", categories=False)]
        yield {"name": name, "groundTruth": truth, "detections": detections, "runs": runs}


content = {
    "script": "tools/coco-goldens/make_eval_goldens.py",
    "seed": SEED,
    "precision": "float64",
    "pycocotools": importlib.metadata.version("pycocotools"),
    "cases": list(cases()),
}
text = json.dumps(content, separators=(",", ":")).replace('{"image_id"', '\n{"image_id"').replace('{"iouType"', '\n{"iouType"') + "\n"
assert len(text) < 60_000, len(text)
TARGET.parent.mkdir(parents=True, exist_ok=True)
TARGET.write_text(text)
for case in content["cases"]:
    print(case["name"], len(case["detections"]), [[round(v, 3) for v in run["stats"].values()] for run in case["runs"]])
print(len(text))
