"""Spec section 7: the pieces of second-order attention. Features [B,H,W,C] are permuted to PyTorch's [B,C,H,W] within."""
import torch
from torch.nn import functional

from golden import SHAPES, Golden, draw


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
        ((1, 2, 2, 4), (1, 1, 1, 8), 4),
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
