"""Whole detectors of torchvision with random weights: one picture's detections, and the losses of a step.

    ~/oracles/bin/pip install torchvision==0.29.2
    ~/oracles/bin/python tools/detection-goldens/make_network_goldens.py                 # the golden
    ~/oracles/bin/python tools/detection-goldens/make_network_goldens.py --full FOLDER   # resnet50_fpn, both

Writes packages/covpool/src/goldens/detectors/mask-rcnn-narrow.safetensors (or FOLDER/faster-rcnn.safetensors and
FOLDER/mask-rcnn.safetensors): `state.*` under torchvision's names, `images` [1,3,H,W] as the network saw them, `sizes` (height and
width without padding, then those in the file), `boxes`, `scores`, `labels`, and `masks`: a byte per pixel, 0, 1, or 2 where the
probability is within 1e-3 of 0.5. The narrow one also has `target.*` and `loss.*` of a training step that samples everything, so that
nothing is random, in PyTorch's training mode, and `after.*`, running statistics behind it. Computed in float64.
"""
import json
import pathlib
import struct
import sys
import zlib

import numpy as np
import torch
from torch import nn
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.detection import (
    FasterRCNN,
    MaskRCNN,
    fasterrcnn_resnet50_fpn,
    maskrcnn_resnet50_fpn,
)
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor
from torchvision.models.resnet import Bottleneck, ResNet
from torchvision.ops.feature_pyramid_network import FeaturePyramidNetwork, LastLevelMaxPool

SEED = 7
SCRIPT = "tools/detection-goldens/make_network_goldens.py"
FOLDER = pathlib.Path(__file__).parent.parent.parent / "packages/covpool/src/goldens/detectors"
CLASSES = 4  # the background included
EVERYTHING = 1_000_000

torch.set_num_threads(1)


class NarrowResNet(ResNet):
    def __init__(self, widths):
        super().__init__(Bottleneck, [1, 1, 1, 1])
        self.inplanes = widths[0]
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.conv1 = nn.Conv2d(3, widths[0], 7, 2, 3, bias=False)
        for i, width in enumerate(widths):
            setattr(self, f"layer{i + 1}", self._make_layer(Bottleneck, width, 1, stride=1 if i == 0 else 2))


class Trunk(nn.Module):
    def __init__(self, widths, channels):
        super().__init__()
        layers = {f"layer{i}": str(i - 1) for i in range(1, 5)}
        self.body = IntermediateLayerGetter(NarrowResNet(widths), layers)
        self.fpn = FeaturePyramidNetwork([4 * w for w in widths], channels, LastLevelMaxPool())
        self.out_channels = channels

    def forward(self, x):
        return self.fpn(self.body(x))


def narrow():
    channels = 8
    return MaskRCNN(
        Trunk([4, 4, 8, 8], channels),
        rpn_anchor_generator=AnchorGenerator(tuple((8 * s,) for s in (4, 8, 16, 32, 64)), ((0.5, 1.0, 2.0),) * 5),
        box_head=TwoMLPHead(channels * 49, 16),
        box_predictor=FastRCNNPredictor(16, CLASSES),
        mask_head=MaskRCNNHeads(channels, (8, 8, 8, 8), 1),
        mask_predictor=MaskRCNNPredictor(8, 8, CLASSES),
        min_size=96,
        max_size=400,
        image_mean=[0, 0, 0],
        image_std=[1, 1, 1],
        rpn_pre_nms_top_n_train=200,
        rpn_post_nms_top_n_train=60,
        rpn_pre_nms_top_n_test=300,
        rpn_post_nms_top_n_test=100,
        box_detections_per_img=20,
        rpn_batch_size_per_image=EVERYTHING,
        rpn_positive_fraction=1.0,
        box_batch_size_per_image=EVERYTHING,
        box_positive_fraction=1.0,
    )


def randomise(net, name):
    """Weights that float16 holds, of a size at which scores and boxes differ from each other; running statistics too."""
    random = np.random.default_rng([SEED, zlib.crc32(name.encode())])
    state = net.state_dict()
    for key, value in state.items():
        if key.endswith("num_batches_tracked"):
            continue
        shape = tuple(value.shape)
        if key.endswith("running_var"):
            new = random.uniform(0.5, 1.5, shape)
        elif key.endswith(("running_mean", "bias")):
            new = random.normal(0, 0.1, shape)
        elif len(shape) == 1:
            new = random.uniform(0.5, 1.0, shape)
        else:
            fan = np.prod(shape[1:]) if len(shape) > 1 else 1
            new = random.normal(0, 1.4 / np.sqrt(fan), shape)
        state[key] = torch.from_numpy(new.astype(np.float16).astype(np.float64))
    net.load_state_dict(state)
    return net.double()


SPREAD = {
    "rpn.head.cls_logits": 2.0,
    "rpn.head.bbox_pred": 0.3,
    "roi_heads.box_predictor.cls_score": 2.0,
    "roi_heads.box_predictor.bbox_pred": 1.0,
    "roi_heads.mask_predictor.mask_fcn_logits": 2.0,
}


def calibrate(net, image):
    """Scales the last layers so that their outputs have these deviations, over boxes and for each output a mean of about 0."""
    net.eval()
    layers = dict(net.named_modules())
    for name, spread in SPREAD.items():
        if name not in layers:
            continue
        layer, outputs = layers[name], []
        handle = layer.register_forward_hook(lambda _, __, output: outputs.append(output.transpose(0, 1).flatten(1)))
        with torch.no_grad():
            net([image])
        handle.remove()
        values = torch.cat(outputs, 1)
        factor = spread / values.std()
        with torch.no_grad():
            layer.weight.copy_((layer.weight * factor).half().double())
            layer.bias.copy_(((layer.bias - values.mean(1)) * factor).half().double())
    return net


def picture(height, width):
    random = np.random.default_rng([SEED, height, width])
    rows, columns = np.meshgrid(np.linspace(0, 1, height), np.linspace(0, 1, width), indexing="ij")
    waves = np.zeros((3, height, width))
    for _ in range(4):
        down, across, shift = (random.uniform(low, high, 3)[:, None, None] for low, high in ((1, 8), (-8, 8), (0, 1)))
        waves += np.sin(2 * np.pi * (down * rows + across * columns + shift))
    return torch.from_numpy(waves + random.normal(0, 0.3, (3, height, width)))


def state_of(net, dtype):
    return {
        f"state.{key}": value.numpy().astype(dtype)
        for key, value in net.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }


def detections(net, image):
    net.eval()
    seen = {}
    handle = net.backbone.register_forward_pre_hook(lambda _, inputs: seen.setdefault("images", inputs[0]))
    resized, _ = net.transform([image])
    with torch.no_grad():
        (found,) = net([image])
    handle.remove()
    result = {
        "images": seen["images"].numpy().astype(np.float32),
        "sizes": np.array([*resized.image_sizes[0], *image.shape[1:]], np.float32),
        "boxes": found["boxes"].numpy().astype(np.float32),
        "scores": found["scores"].numpy().astype(np.float32),
        "labels": found["labels"].numpy().astype(np.float32),
    }
    if "masks" in found:
        probability = found["masks"][:, 0].numpy()
        result["masks"] = np.where(np.abs(probability - 0.5) < 1e-3, 2, probability > 0.5).astype(np.uint8)
    print({key: value.shape for key, value in result.items()}, "scores", result["scores"][[0, -1]], "labels", sorted(result["labels"].astype(int)))
    return result


def step(net, image):
    net.train()
    _, height, width = image.shape
    boxes = torch.tensor([[5.0, 8, 40, 45], [30, 10, 70, 30], [50, 32, 60, 50]], dtype=torch.float64)
    masks = torch.zeros(3, height, width, dtype=torch.uint8)
    for mask, (x1, y1, x2, y2) in zip(masks, boxes.int().tolist()):
        rows, columns = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        inside = ((columns - (x1 + x2) / 2) / (x2 - x1)) ** 2 + ((rows - (y1 + y2) / 2) / (y2 - y1)) ** 2 < 0.25
        mask[inside] = 1
    target = {"boxes": boxes, "labels": torch.tensor([1, 3, 2]), "masks": masks}
    _, (resized,) = net.transform([image], [{k: v.clone() for k, v in target.items()}])
    losses = net([image], [target])
    result = {f"loss.{key}": np.array([value.item()], np.float32) for key, value in losses.items()}
    print({key: float(value[0]) for key, value in result.items()})
    for key in ("boxes", "labels"):
        result[f"target.{key}"] = resized[key].numpy().astype(np.float32)
    result["target.masks"] = resized["masks"].numpy().astype(np.uint8)
    for key, value in net.state_dict().items():
        if key.startswith("backbone.body.bn1.running"):
            result[f"after.{key}"] = value.numpy().astype(np.float32)
    return result


def write(path, tensors):
    header = {"__metadata__": {"script": SCRIPT, "seed": str(SEED), "precision": "float64"}}
    position = 0
    for key, value in tensors.items():
        dtype = {"float16": "F16", "float32": "F32", "uint8": "U8"}[str(value.dtype)]
        header[key] = {"dtype": dtype, "shape": list(value.shape), "data_offsets": [position, position + value.nbytes]}
        position += value.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(v.tobytes() for v in tensors.values()))
    print(f"{path.name}: {path.stat().st_size} bytes")


if sys.argv[1:2] == ["--full"]:
    for name, make in {"faster-rcnn": fasterrcnn_resnet50_fpn, "mask-rcnn": maskrcnn_resnet50_fpn}.items():
        options = {"min_size": 320, "max_size": 480, "box_detections_per_img": 50}
        image = picture(250, 330)
        net = calibrate(randomise(make(weights=None, weights_backbone=None, **options), name), image)
        tensors = {**state_of(net, np.float16), **detections(net, image)}
        write(pathlib.Path(sys.argv[2]) / f"{name}.safetensors", tensors)
else:
    image = picture(60, 78)
    net = calibrate(randomise(narrow(), "mask-rcnn-narrow"), image)
    state = state_of(net, np.float16)
    write(FOLDER / "mask-rcnn-narrow.safetensors", {**state, **detections(net, image), **step(net, image)})
