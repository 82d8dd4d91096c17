"""The same small networks in PyTorch: state, logits, and one step of training. See README.md.

    ~/oracles/bin/pip install torchvision==0.29.2 timm==1.0.31
    ~/oracles/bin/python tools/torch-goldens/make_backbone_goldens.py [NAME ...]               # the goldens
    ~/oracles/bin/python tools/torch-goldens/make_backbone_goldens.py --full FOLDER [NAME ...] # at full size
    ~/oracles/bin/python tools/torch-goldens/make_backbone_goldens.py --list                   # the names of those

Writes packages/covpool/src/goldens/backbones/NAME.safetensors: `state.*` (float16, which float32 holds exactly), and float32
`pictures` [B,3,S,S], `logits` in evaluation, `loss` of the labels 0, 1, ... in training, and after a step of SGD of rate
0.1 `after.*`: the running statistics, and the weights of the classifier and of the first convolution or linear map. Computed in float64.
NAME+isqrt ends in iSQRT-COV as GCP_Optimization has it, under its names.
At full size without the first convolution: there PyTorch's own float32 differs from float64 by 0.2 % (MobileNetV2) and 2 %
(ResNet-50) of its largest weight, because rectifiers near 0 switch.
"""
import json
import pathlib
import struct
import sys
import zlib

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torchvision import models
from torchvision.models.mobilenetv2 import MobileNetV2
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet
from torchvision.models.shufflenetv2 import ShuffleNetV2
from torchvision.models.vgg import VGG, make_layers

import second_order
import transformers

SEED = 6
SCRIPT = "tools/torch-goldens/make_backbone_goldens.py"
FOLDER = pathlib.Path(__file__).parent.parent.parent / "packages/covpool/src/goldens/backbones"
CLASSES = 5
RATE = 0.1

torch.set_num_threads(1)


class NarrowResNet(ResNet):
    """torchvision's network with other widths; `small`: the stem is one 3×3 convolution, and there are three stages."""

    def __init__(self, block, depths, widths, small):
        super().__init__(block, [1, 1, 1, 1])
        self.inplanes = widths[0]
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.conv1 = nn.Conv2d(3, widths[0], 3 if small else 7, 2, 1 if small else 3, bias=False)
        if small:
            self.maxpool = nn.Identity()
        for i in range(4):
            stage = nn.Identity()
            if i < len(widths):
                stage = self._make_layer(block, widths[i], depths[i], stride=1 if i == 0 else 2)
            setattr(self, f"layer{i + 1}", stage)
        self.fc = nn.Linear(widths[-1] * block.expansion, CLASSES)


class SmallShuffleNet(ShuffleNetV2):
    """Two stages, and no max-pooling behind the stem."""

    def __init__(self, depths, channels):
        super().__init__([*depths, 1], [*channels[:-1], channels[-2], channels[-1]], num_classes=CLASSES)
        self.maxpool = nn.Identity()
        self.stage4 = nn.Identity()


class PreactBlock(nn.Module):
    """He et al. 2016, as in their own code: where the shape changes, the shortcut sees the activated input."""

    def __init__(self, inputs, width, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.downsample = None
        if stride != 1 or inputs != 4 * width:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, 4 * width, 1, stride, bias=False))

    def forward(self, x):
        active = F.relu(self.bn1(x))
        branch = self.conv1(active)
        branch = self.conv2(F.relu(self.bn2(branch)))
        branch = self.conv3(F.relu(self.bn3(branch)))
        return branch + (x if self.downsample is None else self.downsample(active))


class PreactResNet(nn.Module):
    def __init__(self, count):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        inputs = 16
        for s, width in enumerate([16, 32, 64]):
            blocks = [PreactBlock(inputs, width, 1 if s == 0 else 2)]
            blocks += [PreactBlock(4 * width, width, 1) for _ in range(count - 1)]
            inputs = 4 * width
            setattr(self, f"layer{s + 1}", nn.Sequential(*blocks))
        self.bn = nn.BatchNorm2d(inputs)
        self.fc = nn.Linear(inputs, CLASSES)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(self.conv1(x))))
        return self.fc(F.relu(self.bn(x)).mean((2, 3)))


def small_vgg():
    net = VGG(make_layers([16, "M", 32, "M", 64, 64, "M"], batch_norm=True), CLASSES, init_weights=False)
    net.avgpool = nn.AdaptiveAvgPool2d(2)
    net.classifier[0] = nn.Linear(64 * 4, 128)
    net.classifier[3] = nn.Linear(128, 128)
    net.classifier[6] = nn.Linear(128, CLASSES)
    return net


def small_mobilenet():
    blocks = [[1, 8, 1, 1], [4, 16, 2, 2], [4, 32, 2, 2]]
    net = MobileNetV2(CLASSES, inverted_residual_setting=blocks)
    net.features[0] = models.mobilenetv2.Conv2dNormActivation(3, 16, stride=2, activation_layer=nn.ReLU6)
    net.features[1] = models.mobilenetv2.InvertedResidual(16, 8, 1, 1)
    net.features[-1] = models.mobilenetv2.Conv2dNormActivation(32, 128, kernel_size=1, activation_layer=nn.ReLU6)
    net.classifier[1] = nn.Linear(128, CLASSES)
    return net


def small_alexnet():
    """As torchvision's, with a stride of 2 in front."""
    net = models.AlexNet(CLASSES)
    widths = [3, 16, 32, 48, 32, 32]
    for i, index in enumerate([0, 3, 6, 8, 10]):
        of = net.features[index]
        stride = 2 if index == 0 else 1
        net.features[index] = nn.Conv2d(widths[i], widths[i + 1], of.kernel_size, stride, of.padding)
    net.avgpool = nn.AdaptiveAvgPool2d(2)
    net.classifier[1] = nn.Linear(32 * 4, 128)
    net.classifier[4] = nn.Linear(128, 128)
    net.classifier[6] = nn.Linear(128, CLASSES)
    return net


SMALL = {
    "resnet8": lambda: NarrowResNet(BasicBlock, [1, 1, 1], [16, 32, 64], small=True),
    "resnet-bottleneck": lambda: NarrowResNet(Bottleneck, [2, 1, 1, 1], [8, 8, 16, 16], small=False),
    "resnet-growing+isqrt": lambda: second_order.resnet(
        NarrowResNet(Bottleneck, [1, 1, 1, 2], [4, 6, 8, 12], small=False), 8, CLASSES
    ),
    "mobilenetv2-small": small_mobilenet,
    "mobilenetv2-small+isqrt": lambda: second_order.mobilenet(small_mobilenet(), 8, CLASSES),
    "shufflenetv2-small": lambda: SmallShuffleNet([3, 3], [16, 32, 64, 128]),
    "shufflenetv2-small+isqrt": lambda: second_order.shufflenet(SmallShuffleNet([3, 3], [16, 32, 64, 128]), 8, CLASSES),
    "vgg-small": small_vgg,
    "alexnet-small": small_alexnet,
    "preact-resnet20": lambda: PreactResNet(2),
    **transformers.SMALL,
}
FULL = {
    "resnet18": models.resnet18,
    "resnet34": models.resnet34,
    "resnet50": models.resnet50,
    "resnet101": models.resnet101,
    "resnet152": models.resnet152,
    "mobilenetv2": models.mobilenet_v2,
    "shufflenetv2-x0.5": models.shufflenet_v2_x0_5,
    "shufflenetv2-x1.0": models.shufflenet_v2_x1_0,
    "shufflenetv2-x1.5": models.shufflenet_v2_x1_5,
    "shufflenetv2-x2.0": models.shufflenet_v2_x2_0,
    "vgg16": models.vgg16,
    "vgg16-bn": models.vgg16_bn,
    "alexnet": models.alexnet,
    "preact-resnet164": lambda: PreactResNet(18),
    "resnet50+isqrt": lambda: second_order.resnet(models.resnet50(), 256, 1000),
    "mobilenetv2+isqrt": lambda: second_order.mobilenet(models.mobilenet_v2(), 256, 1000),
    "shufflenetv2-x1.0+isqrt": lambda: second_order.shufflenet(models.shufflenet_v2_x1_0(), 256, 1000),
    **transformers.FULL,
}


def randomise(net, name):
    """Weights of He's deviation, and statistics of batch normalisation that are not 0 and 1, all exact in float16."""
    rng = np.random.default_rng([SEED, zlib.crc32(name.encode())])
    for key, value in net.state_dict().items():
        if key.endswith("num_batches_tracked"):
            continue
        draws = rng.standard_normal(tuple(value.shape))
        if key.endswith("running_var"):
            draws = np.exp(0.3 * draws)
        elif key.endswith("running_mean"):
            draws = 0.2 * draws
        elif value.ndim == 1 and key.endswith("weight"):
            draws = 1 + 0.2 * draws
        elif value.ndim == 1:
            draws = 0.2 * draws
        else:
            draws = draws * np.sqrt(2 / np.prod(value.shape[1:]))
        value.copy_(torch.tensor(draws.astype(np.float16).astype(np.float64)))


def stateful(net):
    return {k: v for k, v in net.state_dict().items() if not k.endswith("num_batches_tracked")}


def golden(net, name, batch, size, first):
    net = net.double()
    randomise(net, name)
    for module in net.modules():
        if isinstance(module, nn.Dropout):
            module.p = 0.0  # masks are each framework's own
    rng = np.random.default_rng([SEED, batch, size])
    pictures = torch.tensor(rng.standard_normal((batch, 3, size, size)).astype(np.float16).astype(np.float64))
    tensors = {f"state.{k}": v.numpy().astype(np.float16) for k, v in stateful(net).items()}
    tensors["pictures"] = pictures.numpy().astype(np.float16)
    with torch.no_grad():
        tensors["logits"] = net.eval()(pictures).numpy().astype(np.float32)
    net.train()
    classes = tensors["logits"].shape[1]
    loss = F.cross_entropy(net(pictures), torch.arange(batch) % classes)
    loss.backward()
    weights = [k for k, _ in net.named_parameters()]
    tensors["loss"] = np.array([loss.item()], np.float32)
    with torch.no_grad():
        for parameter in net.parameters():
            if parameter.grad is not None:  # what is never trained has none
                parameter -= RATE * parameter.grad
    early = {weights[0], next(k for k in weights if k.endswith("weight"))}  # a class token is no weight
    shown = {weights[-2], weights[-1], *(early if first else [])}
    for key, value in stateful(net).items():
        if "running_" in key or key in shown:
            tensors[f"after.{key}"] = value.numpy().astype(np.float32)
    return tensors


def write(path, tensors):
    header = {"__metadata__": {"script": SCRIPT, "seed": str(SEED), "rate": str(RATE), "precision": "float64"}}
    position = 0
    for key, value in tensors.items():
        dtype = {"float16": "F16", "float32": "F32"}[str(value.dtype)]
        header[key] = {"dtype": dtype, "shape": list(value.shape), "data_offsets": [position, position + value.nbytes]}
        position += value.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(v.tobytes() for v in tensors.values()))
    print(f"{path.name}: {path.stat().st_size} bytes, loss {tensors['loss'][0]:.4f}")


if sys.argv[1:] == ["--list"]:
    print("\n".join(FULL))
elif sys.argv[1:2] == ["--full"]:
    folder, *wanted = sys.argv[2:]
    for name in wanted or FULL:
        size = 32 if name.startswith("preact") else 224
        write(pathlib.Path(folder) / f"{name}.safetensors", golden(FULL[name](), name, 2, size, first=False))
else:
    for name in sys.argv[1:] or SMALL:
        size = 64 if name.startswith("alexnet") else 32
        write(FOLDER / f"{name}.safetensors", golden(SMALL[name](), name, 4, size, first=True))
