"""pycocotools on the files that coco-eval.bench.ts wrote: prints {"seconds": …, "stats": […]}; reading files is not counted.

    python bench/coco-eval-peer.py FOLDER bbox|segm
"""
import contextlib
import io
import json
import sys
import time

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

folder, iou_type = sys.argv[1:]
with contextlib.redirect_stdout(io.StringIO()):
    truth = COCO(f"{folder}/truth.json")
    with open(f"{folder}/results.json", encoding="utf-8") as file:
        results = json.load(file)
    start = time.perf_counter()
    evaluation = COCOeval(truth, truth.loadRes(results), iou_type)
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "stats": evaluation.stats.tolist()}))
