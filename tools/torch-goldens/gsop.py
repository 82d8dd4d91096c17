"""Spec section 7: the pieces of second-order attention. Features [B,H,W,C] are permuted to PyTorch's [B,C,H,W] within."""
import math

import torch
from torch.nn import functional

from golden import SHAPES, Golden, Weyl, draw


def spatial_covariance(x, reference=False):
    m, c = x.shape[1:]
    mean = x.mean(2, keepdim=True)
    if reference:
        return x @ x.mT / m - (c / m) ** 2 * mean @ mean.mT
    return (x - mean) @ (x - mean).mT / c


def row_convolution(p, kernel, bias):
    """A grouped convolution: one group per row, kernel as long as the row."""
    batch, rows, columns = p.shape
    outputs = kernel.shape[2]
    # Rows become channels of a [B,R,C,1] picture; weights [R·N,1,C,1].
    weight = kernel.permute(0, 2, 1).reshape(rows * outputs, 1, columns, 1)
    return functional.conv2d(p[..., None], weight, bias, groups=rows).reshape(batch, rows * outputs)


def grouped_convolution(x, filter, bias, groups):
    result = functional.conv2d(
        x.permute(0, 3, 1, 2), filter.permute(3, 2, 0, 1), bias, padding=(filter.shape[0] // 2, 0), groups=groups
    )
    return result.permute(0, 2, 3, 1)


def adaptive_average_pool(x, size):
    return functional.adaptive_avg_pool2d(x.permute(0, 3, 1, 2), size).permute(0, 2, 3, 1)


def batch_norm(x, w, name, training):
    """Of axis 1."""
    return functional.batch_norm(
        x,
        w[f"{name}.running_mean"].clone(),
        w[f"{name}.running_var"].clone(),
        w[f"{name}.weight"],
        w[f"{name}.bias"],
        training,
    )


def reduced(x, w, suffix, stride, training):
    """x [B,C,H,W]; ReLU, 1×1 convolution, batch normalisation."""
    kernel, bias = (w[f"conv_for_DR{suffix}.{part}"] for part in ("weight", "bias"))
    return batch_norm(functional.conv2d(torch.relu(x), kernel, bias, stride), w, f"bn_for_DR{suffix}", training)


def excited(p, w, suffix, rectify, training):
    """p [B,R,R]: batch normalisation of the rows, row-wise convolution, dense layer, sigmoid."""
    rows = p.shape[1]
    # Rows as channels of a [B,R,R,1] picture, as the authors' kernels are R×1.
    normalised = batch_norm(p[..., None], w, f"row_bn{suffix}", training)
    kernel, bias = (w[f"row_conv_group{suffix}.{part}"] for part in ("weight", "bias"))
    outputs = functional.conv2d(normalised, kernel, bias, groups=rows)
    outputs = torch.relu(outputs) if rectify else outputs
    kernel, bias = (w[f"fc_adapt_channels{suffix}.{part}"] for part in ("weight", "bias"))
    return torch.sigmoid(functional.conv2d(outputs, kernel, bias))


def channel_attention(x, w, strides=1, training=False, **_):
    reduction = torch.relu(reduced(x, w, "", strides, training)).flatten(2)
    centred = reduction - reduction.mean(2, keepdim=True)
    return x * excited(centred @ centred.mT / reduction.shape[2], w, "", False, training)


def spatial_attention(x, w, reference=False, training=False, **_):
    reduction = functional.adaptive_avg_pool2d(reduced(x, w, "_spatial", 1, training), 8)
    rows = reduction.flatten(2).mT
    a = excited(spatial_covariance(rows, reference), w, "_for_spatial", True, training)
    return torch.relu(x * functional.adaptive_avg_pool2d(a.reshape(-1, 1, 8, 8), x.shape[2:]))


def both_attentions(x, w, fusion="average", training=False, **options):
    channel, spatial = (f(x, w, training=training, **options) for f in (channel_attention, spatial_attention))
    if fusion == "average":
        return channel + spatial
    if fusion == "max":
        return torch.maximum(channel, spatial)
    groups = max(1, x.shape[1] // 64)
    padding = (int(math.log2(32 / groups)) + 2, 0)
    convolved = [
        functional.conv2d(y, w[f"{name}.weight"], w[f"{name}.bias"], padding=padding, groups=groups)
        for name, y in [("dilate_conv_for_concat1", channel), ("dilate_conv_for_concat2", spatial)]
    ]
    return batch_norm(sum(convolved), w, "bn_for_concat", training)


def norm_weights(golden, name, channels):
    key = (golden.name, name, channels)
    return {
        f"{name}.weight": draw((channels,), *key, "weight", scale=0.25, offset=1),
        f"{name}.bias": draw((channels,), *key, "bias", scale=0.25),
    }, {
        f"{name}.running_mean": draw((channels,), *key, "mean", scale=0.25),
        f"{name}.running_var": draw((channels,), *key, "var", scale=0.1, offset=0.75).abs(),
    }


def channel_weights(golden, channels, dim):
    bn, statistics = norm_weights(golden, "bn_for_DR", dim)
    row, row_statistics = norm_weights(golden, "row_bn", dim)
    shapes = {
        "conv_for_DR.weight": (dim, channels, 1, 1),
        "conv_for_DR.bias": (dim,),
        "row_conv_group.weight": (4 * dim, 1, dim, 1),
        "row_conv_group.bias": (4 * dim,),
        "fc_adapt_channels.weight": (channels, 4 * dim, 1, 1),
        "fc_adapt_channels.bias": (channels,),
    }
    drawn = {name: draw(shape, golden.name, name, channels, scale=0.5) for name, shape in shapes.items()}
    return {**drawn, **bn, **row}, {**statistics, **row_statistics}


def spatial_weights(golden, channels, dim):
    """Those of the 8×8 positions are too many to write down, and held constant."""
    bn, statistics = norm_weights(golden, "bn_for_DR_spatial", dim)
    shapes = {"conv_for_DR_spatial.weight": (dim, channels, 1, 1), "conv_for_DR_spatial.bias": (dim,)}
    drawn = {name: draw(shape, golden.name, name, channels) for name, shape in shapes.items()}
    constants = {
        "row_bn_for_spatial.weight": Weyl((64,), 1),
        "row_bn_for_spatial.bias": Weyl((64,), 2),
        "row_bn_for_spatial.running_mean": Weyl((64,), 3),
        "row_bn_for_spatial.running_var": torch.ones(64),
        "row_conv_group_for_spatial.weight": Weyl((256, 1, 64, 1), 5),
        "row_conv_group_for_spatial.bias": Weyl((256,), 6),
        "fc_adapt_channels_for_spatial.weight": Weyl((64, 256, 1, 1), 7, 0.25),
        "fc_adapt_channels_for_spatial.bias": Weyl((64,), 8),
    }
    return {**drawn, **bn}, {**statistics, **constants}


def concat_weights(golden, channels):
    bn, statistics = norm_weights(golden, "bn_for_concat", channels)
    drawn = {}
    for name in ("dilate_conv_for_concat1", "dilate_conv_for_concat2"):
        drawn[f"{name}.weight"] = draw((channels, channels, 15, 1), golden.name, name, scale=0.25)
        drawn[f"{name}.bias"] = draw((channels,), golden.name, name, "bias")
    return {**drawn, **bn}, statistics


def add_layer(golden, f, shape, weights, options, training):
    """A layer on features [B,H,W,C], its weights under PyTorch's names and in PyTorch's layouts."""
    # Half a step off the grid: no value is 0, where a ReLU has its kink.
    inputs, constants = {"x": draw(shape, golden.name, "x", shape) + 1 / 128}, {}
    for drawn, held in weights:
        inputs, constants = {**inputs, **drawn}, {**constants, **held}
    if training:
        # Taken off again by the batch's mean: no gradient but rounding.
        for name in [n for n in inputs if n.startswith("conv_for_DR") and n.endswith(".bias")]:
            constants[name] = inputs.pop(name)

    def call(x, **w):
        return f(x.permute(0, 3, 1, 2), w, training=training, **options).permute(0, 2, 3, 1)

    golden.add(call, inputs, {**options, "training": training}, constants)


def goldens():
    golden = Golden("spatialCovariance")
    for shape in SHAPES:
        x = draw(shape, golden.name, "x", shape, offset=0.5)
        for reference in (False, True):
            golden.add(lambda x, r=reference: spatial_covariance(x, r), {"x": x}, {"reference": reference})
    yield golden

    golden = Golden("rowConvolution")
    for batch, rows, columns in [(2, 4, 4), (2, 3, 5), (1, 8, 8)]:
        inputs = {
            "p": draw((batch, rows, columns), golden.name, "p", rows),
            "kernel": draw((rows, columns, 4), golden.name, "kernel", rows),
            "bias": draw((rows * 4,), golden.name, "bias", rows),
        }
        golden.add(row_convolution, inputs)
    yield golden

    golden = Golden("groupedConvolution")
    for shape, filter_shape, groups in [
        ((2, 3, 3, 4), (3, 1, 2, 4), 2),
        ((1, 4, 2, 6), (5, 1, 2, 6), 3),
        ((1, 2, 2, 3), (1, 1, 3, 2), 1),
    ]:
        inputs = {
            "x": draw(shape, golden.name, "x", shape),
            "filter": draw(filter_shape, golden.name, "filter", shape),
            "bias": draw(filter_shape[-1:], golden.name, "bias", shape),
        }
        golden.add(lambda g=groups, **i: grouped_convolution(groups=g, **i), inputs, {"groups": groups})
    yield golden

    golden = Golden("adaptiveAveragePool")
    for shape, size in [((2, 5, 7, 2), (3, 4)), ((1, 4, 3, 3), (8, 8)), ((1, 6, 6, 2), (2, 3))]:
        x = draw(shape, golden.name, "x", shape)
        golden.add(lambda x, s=size: adaptive_average_pool(x, s), {"x": x}, {"size": list(size)})
    yield golden

    golden = Golden("gsopChannelAttention")
    for shape, options, training in [
        ((2, 3, 3, 4), {"dim": 5}, False),
        ((2, 3, 3, 4), {"dim": 5}, True),
        ((1, 4, 4, 3), {"dim": 4, "strides": 2}, False),
        ((2, 2, 2, 6), {"dim": 3}, False),
    ]:
        add_layer(golden, channel_attention, shape, [channel_weights(golden, shape[3], options["dim"])], options, training)
    yield golden

    golden = Golden("gsopSpatialAttention")
    for shape, options, training in [
        ((2, 3, 3, 2), {"dim": 4}, False),
        ((2, 3, 3, 2), {"dim": 4}, True),
        ((1, 8, 8, 2), {"dim": 3, "reference": True}, False),
        ((1, 2, 5, 3), {"dim": 3}, False),
    ]:
        add_layer(golden, spatial_attention, shape, [spatial_weights(golden, shape[3], options["dim"])], options, training)
    yield golden

    golden = Golden("gsopAttention")
    for shape, options in [
        ((1, 3, 3, 5), {"dim": 3, "fusion": "average"}),
        ((2, 2, 2, 4), {"dim": 3, "fusion": "max"}),
        ((1, 5, 3, 3), {"dim": 3, "fusion": "concat"}),
    ]:
        weights = [channel_weights(golden, shape[3], 3), spatial_weights(golden, shape[3], 3)]
        if options["fusion"] == "concat":
            weights.append(concat_weights(golden, shape[3]))
        add_layer(golden, both_attentions, shape, weights, options, False)
    yield golden
