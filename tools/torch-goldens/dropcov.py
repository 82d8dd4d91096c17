"""Spec section 6: adaptive channel dropout and what ships beside it."""
import itertools
import math

import torch

from covariance import covariance
from golden import SHAPES, Golden, draw, grid


def channel_importance(x, kernel):
    """softmax over channels of a 3-tap convolution of the mean over positions, zero padding."""
    g = x.mean(1)[:, None, :]
    return torch.softmax(torch.nn.functional.conv1d(g, kernel.reshape(1, 1, 3), padding=1)[:, 0], dim=1)


def adaptive_drop_rate(importance, correlation, scale=10.0, maxRate=0.95):
    """A constant to the gradient: the references make it a number."""
    cosine = torch.nn.functional.cosine_similarity(importance, correlation, dim=1, eps=1e-12).mean().detach()
    return torch.clamp(1 - scale / math.log2(importance.shape[1]) * cosine, 0, maxRate)


def derive_seed(*path):
    """The seed of @covpool/base's streams: FNV-1a over UTF-16 of the path, MurmurHash3's finaliser."""
    value = 0x811C9DC5
    for part in path:
        text = f"#{part}" if isinstance(part, int) else f"${part}"
        for byte in text.encode("utf-16-le") + b"\x1f":
            value = (value ^ byte) * 0x01000193 % 2**32
    value = (value ^ value >> 16) * 0x85EBCA6B % 2**32
    value = (value ^ value >> 13) * 0xC2B2AE35 % 2**32
    return value ^ value >> 16


def sfc32(*path):
    a, b, c = (derive_seed(*path, letter) for letter in "abc")
    counter = 1
    for step in itertools.count():
        total = (a + b + counter) % 2**32
        counter += 1
        a = b ^ b >> 9
        b = (c + (c << 3)) % 2**32
        c = ((c << 21 | c >> 11) + total) % 2**32
        if step >= 12:
            yield total


def uniform_numbers(batch, channels, seed):
    """What DropCov's mask compares with the rate."""
    stream = sfc32(seed, "channel-mask")
    return torch.tensor([(next(stream) >> 8) / 2**24 for _ in range(batch * channels)]).reshape(batch, channels)


def drop_cov(x, attention, seed, training=True, **options):
    """Dropout of whole channels of X∘(1+ω), then the covariance; rate and mask are constants."""
    if not training:
        return covariance(x)
    scaled = x * (1 + attention)[:, None, :]
    rate = adaptive_drop_rate(attention, covariance(scaled).sum(2), **options)
    mask = (uniform_numbers(*attention.shape, seed) >= rate).double() / (1 - rate)
    return covariance(scaled * mask[:, None, :])


def attentions(golden, shape):
    return grid(torch.softmax(draw((shape[0], shape[2]), golden.name, "attention", shape), 1), 1024)


def goldens():
    golden = Golden("channelImportance")
    for shape in SHAPES:
        golden.add(
            channel_importance,
            {"x": draw(shape, golden.name, "x", shape), "kernel": draw((3, 1, 1), golden.name, "kernel", shape)},
        )
    yield golden

    golden = Golden("adaptiveDropRate")
    for shape in SHAPES:
        importance = attentions(golden, shape)
        for sign, options in [(1, {}), (1, {"scale": 2}), (-1, {"maxRate": 1})]:
            correlation = importance * sign + draw(importance.shape, golden.name, "correlation", shape, scale=0.3)
            inputs = {"importance": importance, "correlation": correlation}
            golden.add(lambda o=options, **i: adaptive_drop_rate(**i, **o), inputs, options)
    yield golden

    golden = Golden("dropCov")
    for shape in SHAPES:
        inputs = {"x": draw(shape, golden.name, "x", shape), "attention": attentions(golden, shape)}
        for options in [{"training": False}, {"training": True, "seed": 7, "scale": 1}, {"training": True, "seed": 8}]:
            # The rate moves with the inputs and is yet held constant: central differences see more than the gradient.
            call = lambda o=options, **i: drop_cov(**i, **{"seed": 0, **o})
            golden.add(call, inputs, options, exact=not options["training"])
    yield golden
