"""Networks that end in iSQRT-COV for make_backbone_goldens.py, with the names of GCP_Optimization: torchvision's trunks, a reduction, five
Newton–Schulz iterations, the upper triangle, the classifier.
"""
from torch import nn
from torch.nn.functional import relu

from covariance import covariance, triu
from iterative import newton_schulz_sqrt


def descriptor(x):
    """Features [B,d,H,W] to [B,d(d+1)/2]."""
    return triu(newton_schulz_sqrt(covariance(x.flatten(2).mT), 5))


def linear(dim, classes):
    return nn.Linear(dim * (dim + 1) // 2, classes)


def resnet(net, dim, classes):
    """Without the stride of the last stage, whose blocks are bottlenecks."""
    for name, module in net.layer4[0].named_modules():
        if isinstance(module, nn.Conv2d) and (name == "conv2" or name.startswith("downsample")):
            module.stride = (1, 1)
    return SecondOrderResNet(net, dim, classes)


class SecondOrderResNet(nn.Module):
    def __init__(self, net, dim, classes):
        super().__init__()
        for name in ("conv1", "bn1", "maxpool", "layer1", "layer2", "layer3", "layer4"):
            setattr(self, name, getattr(net, name))
        self.layer_reduce = nn.Conv2d(net.fc.in_features, dim, 1, bias=False)
        self.layer_reduce_bn = nn.BatchNorm2d(dim)
        self.fc = linear(dim, classes)

    def forward(self, x):
        x = self.maxpool(relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(descriptor(relu(self.layer_reduce_bn(self.layer_reduce(x)))))


def reduce_by(inputs, dim):
    return nn.Sequential(nn.Conv2d(inputs, dim, 1, bias=False), nn.BatchNorm2d(dim), nn.ReLU6())


class SecondOrderMobileNet(nn.Module):
    def __init__(self, net, dim, classes):
        super().__init__()
        self.features = net.features
        self.dimension_reduction = reduce_by(net.features[-1][0].out_channels, dim)
        self.classifier = nn.Sequential(nn.Dropout(0.2), linear(dim, classes))

    def forward(self, x):
        return self.classifier(descriptor(self.dimension_reduction(self.features(x))))


class SecondOrderShuffleNet(nn.Module):
    def __init__(self, net, dim, classes):
        super().__init__()
        for name in ("conv1", "maxpool", "stage2", "stage3", "stage4", "conv5"):
            setattr(self, name, getattr(net, name))
        self.dimension_reduction = reduce_by(net.fc.in_features, dim)
        self.fc = linear(dim, classes)

    def forward(self, x):
        x = self.stage4(self.stage3(self.stage2(self.maxpool(self.conv1(x)))))
        return self.fc(descriptor(self.dimension_reduction(self.conv5(x))))


mobilenet = SecondOrderMobileNet
shufflenet = SecondOrderShuffleNet
