"""Golden values of torchvision's detection operators for packages/detectors.

    python3 -m venv ~/oracles && ~/oracles/bin/pip install torch==2.15.0 torchvision==0.29.2 numpy
    ~/oracles/bin/python tools/detection-goldens/make_detection_goldens.py

Writes packages/detectors/src/goldens/*.json. Seed 7; inputs have few decimals, so that float32 and float64 see the same boxes;
everything is computed in float64, except boxes of pasted masks, which torchvision cuts to whole numbers from float32. What
mmdetection does differently is written here after its formulas, with PyTorch's and torchvision's operators.
"""
import json
import pathlib

import torch
import torchvision
from torch.nn import functional as F
from torchvision.models.detection import _utils as det_utils
from torchvision.models.detection import roi_heads, rpn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import batched_nms, box_iou, nms, roi_align

SEED = 7
TARGET = pathlib.Path(__file__).parent.parent.parent / "packages/detectors/src/goldens"
torch.set_default_dtype(torch.float64)
gen = torch.Generator().manual_seed(SEED)


def uniform(low, high, *shape, decimals=2):
    return (torch.rand(*shape, generator=gen) * (high - low) + low).round(decimals=decimals)


def numbers(tensor, digits=10):
    values = tensor.detach().flatten().tolist()
    return [v if isinstance(v, (int, bool)) else float(f"{v:.{digits}g}") for v in values]


def boxes(count, size, largest, decimals=0):
    corner = uniform(-0.1 * size, 0.9 * size, count, 2, decimals=decimals)
    extent = uniform(1, largest, count, 2, decimals=decimals)
    return torch.cat([corner, corner + extent], 1)


def write(name, **content):
    header = {
        "made": "tools/detection-goldens/make_detection_goldens.py",
        "seed": SEED,
        "version": torchvision.__version__.split("+")[0],
    }
    (TARGET / f"{name}.json").write_text(json.dumps({**header, **content}, separators=(",", ":")) + "\n")


def roi_align_golden():
    features = uniform(-2, 2, 2, 3, 9, 11)
    given = torch.tensor([
        [4.0, 4, 30, 28],  # inside
        [0, 0, 44, 36],  # the whole picture
        [10.3, 7.9, 10.6, 8.1],  # tiny
        [12, 12, 12, 12],  # nothing
        [-20, -11, 13, 9],  # partly outside
        [37, 30, 70, 61.5],
        [-50, -60, -20, -30],  # outside
        [60, 50, 90, 99],
        [-100, -80, 200, 160],  # larger than the picture
        [2.7, 15.2, 41.3, 17.9],  # flat
        [20, 20, 12, 9],  # its end before its start
    ])
    pictures = torch.tensor([0, 1, 0, 1, 0, 1, 0, 1, 1, 0, 1])
    size, scale = (3, 2), 0.25
    rois = torch.cat([pictures[:, None].double(), given], 1)
    slope = uniform(-1, 1, len(rois), 3, *size)
    cases = []
    for aligned in (False, True):
        for ratio in (0, 2):
            x = features.clone().requires_grad_()
            y = roi_align(x, rois, size, scale, ratio, aligned)
            (y * slope).sum().backward()
            cases.append({
                "aligned": aligned,
                "samplingRatio": ratio,
                "pooled": numbers(y.permute(0, 2, 3, 1), 8),
                "gradient": numbers(x.grad.permute(0, 2, 3, 1), 8),
            })
    write("roi-align", shape=[2, 9, 11, 3], features=numbers(features.permute(0, 2, 3, 1)), boxes=numbers(given),
          pictures=numbers(pictures), size=size, scale=scale, slope=numbers(slope.permute(0, 2, 3, 1)), cases=cases)


def nms_golden():
    given = boxes(80, 60, 30)
    scores = uniform(0, 1, 80)
    groups = torch.randint(0, 4, (80,), generator=gen)
    cases = [{
        "threshold": threshold,
        "kept": numbers(nms(given, scores, threshold)),
        "keptInGroups": numbers(batched_nms(given, scores, groups, threshold)),
    } for threshold in (0.1, 0.3, 0.5, 0.7)]
    write("nms", boxes=numbers(given), scores=numbers(scores), groups=numbers(groups), cases=cases)


def coder_golden():
    given, truths = boxes(12, 60, 40, 1), boxes(12, 60, 40, 1)
    deltas = uniform(-1.5, 1.5, 12, 8)
    deltas[0, 2], deltas[1, 3], deltas[2, 6], deltas[3, 7] = 4.5, 9, -4.5, -9
    cases = []
    for weights in ((1.0, 1.0, 1.0, 1.0), (10.0, 10.0, 5.0, 5.0)):
        coder = det_utils.BoxCoder(weights)
        cases.append({
            "deviations": [1 / w for w in weights],
            "encoded": numbers(coder.encode([truths], [given])[0]),
            "decoded": numbers(coder.decode(deltas, [given])),
        })
    write("box-coder", boxes=numbers(given), truths=numbers(truths), deltas=numbers(deltas), cases=cases)


def anchors_golden():
    picture, grids = (30, 45), [(8, 12), (4, 6), (2, 3), (1, 2), (1, 1)]
    generator = AnchorGenerator(tuple((s,) for s in (32, 64, 128, 256, 512)), ((0.5, 1.0, 2.0),) * 5)
    images = ImageList(torch.zeros(1, 3, *picture), [picture])
    anchors = generator(images, [torch.zeros(1, 1, *grid) for grid in grids])[0]
    write("anchors", picture=picture, grids=grids, anchors=numbers(anchors.round().long()))


def matcher_golden():
    given, truths = boxes(60, 60, 40), boxes(7, 60, 40)
    quality = box_iou(truths, given)
    cases = [{
        "positive": high, "negative": low, "lowQuality": quality_too,
        "matches": numbers(det_utils.Matcher(high, low, quality_too)(quality)),
    } for high, low, quality_too in ((0.7, 0.3, True), (0.5, 0.5, False), (0.5, 0.5, True), (0.6, 0.4, False))]
    write("matcher", boxes=numbers(given), truths=numbers(truths), cases=cases)


def losses_golden():
    cases = []

    def case(name, loss, x, **content):
        x = x.clone().requires_grad_()
        value = loss(x)
        value.backward()
        cases.append({"name": name, "input": numbers(x), "shape": list(x.shape), **content,
                      "value": float(value.detach()), "gradient": numbers(x.grad)})

    x, target = uniform(-2, 2, 9, 4), uniform(-2, 2, 9, 4)
    x[0], x[1] = target[0], target[1] + 0.05
    for beta in (0.0, 1 / 9, 1.0):
        case("smoothL1", lambda p: F.smooth_l1_loss(p, target, beta=beta, reduction="sum") / 23, x,
             target=numbers(target), beta=beta, normaliser=23)
    logits, labels = uniform(-3, 3, 40), (uniform(0, 1, 40) > 0.6).double()
    logits[:3] = torch.tensor([60.0, -60.0, 0.0])
    case("sigmoid", lambda p: F.binary_cross_entropy_with_logits(p, labels), logits, target=numbers(labels))
    maps, soft = uniform(-3, 3, 3, 4, 4), uniform(0, 1, 3, 4, 4)
    case("sigmoid", lambda p: F.binary_cross_entropy_with_logits(p, soft), maps, target=numbers(soft))
    scores, classes = uniform(-3, 3, 8, 5), torch.randint(0, 5, (8,), generator=gen)
    scores[0, 0], scores[1, 1] = 80, -80
    case("softmax", lambda p: F.cross_entropy(p, classes), scores, target=numbers(classes))
    write("losses", cases=cases)


def paste_by_grid(mask, box, height, width):
    """mmdetection 2.x, `_do_paste_mask` over the whole picture."""
    x0, y0, x1, y1 = box.tolist()
    y = ((torch.arange(height) + 0.5 - y0) / (y1 - y0) * 2 - 1)[:, None].expand(height, width)
    x = ((torch.arange(width) + 0.5 - x0) / (x1 - x0) * 2 - 1)[None].expand(height, width)
    return F.grid_sample(mask[None, None], torch.stack([x, y], -1)[None], align_corners=False)[0, 0]


def paste_by_box(mask, box, height, width):
    """mmdetection 1.x, `get_seg_masks`; PyTorch's bilinear resizing is OpenCV's for floats."""
    x1, y1, x2, y2 = (int(v) for v in box)
    resized = F.interpolate(mask[None, None], (max(y2 - y1 + 1, 1), max(x2 - x1 + 1, 1)), mode="bilinear")[0, 0]
    picture = torch.zeros(height, width)
    part = picture[y1:y1 + resized.shape[0], x1:x1 + resized.shape[1]]
    part += resized[:part.shape[0], :part.shape[1]]
    return picture


def paste_golden():
    height, width, side = 17, 21, 5
    given = torch.tensor([[2.0, 3, 7, 9], [0.4, 1.7, 20.6, 15.1], [-6, -4.5, 8.25, 5], [15, 10.5, 40, 30],
                          [9.2, 9.3, 9.9, 9.4]])
    masks = uniform(0, 1, len(given), side, side)
    masks[0] = 1
    padded = roi_heads.paste_masks_in_image(masks[:, None].float(), given.float(), (height, width))[:, 0].double()
    write("paste-mask", picture=[height, width], side=side, boxes=numbers(given), masks=numbers(masks),
          torchvision=[numbers(m, 6) for m in padded],
          mmdet2=[numbers(paste_by_grid(m, b, height, width), 7) for m, b in zip(masks, given)],
          # 1.x clips boxes before.
          mmdet1=[numbers(paste_by_box(m, b, height, width), 7)
                  if min(b[:2]) >= 0 else None for m, b in zip(masks, given)])


def blob(height, width):
    coarse = torch.rand(1, 1, 5, 5, generator=gen)
    return (F.interpolate(coarse, (height, width), mode="bicubic")[0, 0] > 0.5).double()


def crop_target(mask, box, side):
    """mmdetection 1.x, `mask_target_single`; boxes are in the picture."""
    x1, y1, x2, y2 = (int(v) for v in box)
    part = mask[y1:y1 + max(y2 - y1 + 1, 1), x1:x1 + max(x2 - x1 + 1, 1)]
    resized = F.interpolate(part[None, None], (side, side), mode="bilinear")[0, 0]
    return (resized.float() >= 0.5).long()


def mask_target_golden():
    height, width, side = 23, 31, 7
    masks = torch.stack([blob(height, width) for _ in range(3)])
    given = torch.tensor([[2.0, 3, 20, 19], [4.6, 1.2, 29.9, 22.4], [12, 8, 14.5, 9.5], [0, 0, 31, 23], [7, 7, 7.4, 20],
                          [20.25, 10.75, 36, 30]])
    truths = torch.tensor([0, 1, 2, 1, 0, 2])
    rois = torch.cat([truths[:, None].double(), given], 1)
    aligned = roi_align(masks[:, None], rois, (side, side), 1.0, 0, True)[:, 0]
    write("mask-target", size=[height, width], side=side, masks=[numbers(m.long()) for m in masks],
          boxes=numbers(given), truths=numbers(truths),
          torchvision=numbers(roi_heads.project_masks_on_boxes(masks, given, truths, side), 8),
          mmdet2=numbers((aligned.float() >= 0.5).long()),
          mmdet1=numbers(torch.stack([crop_target(masks[t], b, side) for t, b in zip(truths, given)])))


def select_golden():
    """Proposals and detections of one picture, by RegionProposalNetwork and RoIHeads."""
    picture, grids = (40, 60), [(10, 15), (5, 8), (3, 4)]
    generator = AnchorGenerator(((32,), (64,), (128,)), ((0.5, 1.0, 2.0),) * 3)
    anchors = generator(ImageList(torch.zeros(1, 3, *picture), [picture]), [torch.zeros(1, 1, *g) for g in grids])[0]
    counts = [3 * h * w for h, w in grids]
    objectness = uniform(-3, 3, len(anchors), decimals=3)
    deltas = uniform(-1, 1, len(anchors), 4)
    deltas[5:40, 2:] = -9
    network = rpn.RegionProposalNetwork(generator, None, 0.7, 0.3, 256, 0.5, {"training": 100, "testing": 50},
                                        {"training": 40, "testing": 20}, 0.7)
    decoded = det_utils.BoxCoder((1.0, 1.0, 1.0, 1.0)).decode(deltas, [anchors]).view(1, -1, 4)
    proposals = []
    for training in (True, False):
        network.train(training)
        found, scores = network.filter_proposals(decoded, objectness[None, :, None], [picture], counts)
        proposals.append({"training": training, "boxes": numbers(found[0]), "scores": numbers(scores[0])})
    count, classes = 25, 3
    rois = boxes(count, 40, 25, 1)
    logits, box_deltas = uniform(-2, 3, count, classes + 1), uniform(-2, 2, count, 4 * (classes + 1))
    heads = roi_heads.RoIHeads(None, None, None, 0.5, 0.5, 512, 0.25, None, 0.05, 0.5, 30)
    out, out_scores, out_labels = heads.postprocess_detections(logits, box_deltas, [rois], [picture])
    write("select", picture=picture, anchors=numbers(anchors), counts=counts, objectness=numbers(objectness),
          deltas=numbers(deltas), before=[100, 50], after=[40, 20], proposals=proposals,
          detections={"rois": numbers(rois), "logits": numbers(logits), "deltas": numbers(box_deltas),
                      "classes": classes, "count": 30, "boxes": numbers(out[0]), "scores": numbers(out_scores[0]),
                      "labels": numbers(out_labels[0])})


TARGET.mkdir(exist_ok=True)
for golden in (roi_align_golden, nms_golden, coder_golden, anchors_golden, matcher_golden, losses_golden, paste_golden,
               mask_target_golden, select_golden):
    golden()
