"""Spec sections 1, 4 and 9: second-order statistics of features [B,M,d]."""
import math

import torch

from golden import SHAPES, Golden, draw, generator


def centring_matrix(m):
    return (torch.eye(m) - torch.ones(m, m) / m) / m


def covariance(x):
    """The literature's form: Xᵀ J X with the M×M centring matrix."""
    return x.mT @ centring_matrix(x.shape[1]) @ x


def second_moment(x):
    return x.mT @ x / x.shape[1]


def triu(a, order="rows"):
    """Row by row, or as MatConvNet packs it: column by column, which is the lower triangle row by row."""
    i, j = torch.triu_indices(a.shape[-1], a.shape[-1])
    if order == "columns":
        j, i = torch.tril_indices(a.shape[-1], a.shape[-1])
    return a[:, i, j]


def triu_matrix(v, order="rows"):
    d = round((math.sqrt(8 * v.shape[1] + 1) - 1) / 2)
    places = triu(torch.arange(d * d).reshape(1, d, d), order)[0]
    upper = torch.zeros(v.shape[0], d * d).index_copy(1, places, v).reshape(-1, d, d)
    return upper + torch.triu(upper, 1).mT


def cross_covariance(q, k, centering="channel"):
    m = q.shape[1]
    if centering == "channel":
        q, k = q - q.mean(1, keepdim=True), k - k.mean(1, keepdim=True)
    elif centering == "scalar":
        q, k = q - q.mean((1, 2), keepdim=True), k - k.mean((1, 2), keepdim=True)
    return q.mT @ k / m


def gaussian_embedding(x, beta=1.0):
    mu = x.mean(1, keepdim=True)
    sigma = covariance(x)
    corner = torch.ones(x.shape[0], 1, 1)
    top = torch.cat([sigma + beta**2 * mu.mT @ mu, beta * mu.mT], 2)
    return torch.cat([top, torch.cat([beta * mu, corner], 2)], 1)


def signed_sqrt(x, epsilon=1e-8):
    return torch.sign(x) * torch.sqrt(x.abs() + epsilon)


def l2_normalize(x):
    return torch.nn.functional.normalize(x, p=2, dim=-1, eps=1e-12)


def bilinear(x):
    return l2_normalize(signed_sqrt(second_moment(x).flatten(1)))


def tensor_sketch(x, h1, s1, h2, s2, length):
    """The circular convolution of two count sketches, by the FFT, summed over positions."""
    def sketch(hashes, signs):
        matrix = torch.zeros(x.shape[2], length)
        matrix[torch.arange(x.shape[2]), hashes.long()] = signs
        return torch.fft.fft(x @ matrix)

    return torch.fft.ifft(sketch(h1, s1) * sketch(h2, s2)).real.sum(1)


def compact_bilinear(x, **sketch):
    return l2_normalize(signed_sqrt(tensor_sketch(x, **sketch)))


def draw_sketch(x, length, *key):
    """Hashes and signs under which no bucket stays empty: at 0 the signed root jumps, and the FFT's rounding decides."""
    rng = generator(*key)
    while True:
        drawn = [(rng.integers(0, length, x.shape[2]), rng.integers(0, 2, x.shape[2]) * 2 - 1) for _ in "12"]
        constants = {f"{n}{k + 1}": torch.tensor(v).double() for k, p in enumerate(drawn) for n, v in zip("hs", p)}
        if tensor_sketch(x, **constants, length=length).abs().min() > 0.3:
            return constants


def distance_covariance(x, t):
    """x [B,M,d]: distances between the channel vectors, of length M."""
    channels = x.mT
    squared = channels.square().sum(2)
    d = squared[:, :, None] + squared[:, None, :] - 2 * channels @ channels.mT
    # The diagonal is 0 up to rounding; clamped with gradient 0 there.
    d = torch.clamp(d * (1 - torch.eye(d.shape[-1])), min=0)
    a = torch.sqrt(d * torch.exp(t) + 1e-5)
    return a - a.mean(1, keepdim=True) - a.mean(2, keepdim=True) + a.mean((1, 2), keepdim=True)


def features(golden):
    for shape in SHAPES:
        yield shape, draw(shape, golden.name, "x", shape)


def goldens():
    for name, f in [
        ("covariance", covariance),
        ("secondMoment", second_moment),
        ("bilinear", bilinear),
    ]:
        golden = Golden(name)
        for _, x in features(golden):
            golden.add(f, {"x": x})
        yield golden

    golden = Golden("triuCovariance")
    for _, x in features(golden):
        for order in ("rows", "columns"):
            golden.add(lambda x, o=order: triu(covariance(x), o), {"x": x}, {"order": order})
    yield golden

    golden = Golden("triuMatrix")
    for batch, length in [(2, 3), (1, 10), (2, 6)]:
        for order in ("rows", "columns"):
            v = draw((batch, length), golden.name, length)
            golden.add(lambda v, o=order: triu_matrix(v, o), {"v": v}, {"order": order})
    yield golden

    golden = Golden("crossCovariance")
    for shape, q in features(golden):
        for centering in ("channel", "scalar"):
            inputs = {"q": q, "k": draw(shape, golden.name, "k", shape, offset=0.5)}
            golden.add(lambda q, k, c=centering: cross_covariance(q, k, c), inputs, {"centering": centering})
    yield golden

    golden = Golden("gaussianEmbedding")
    for shape, _ in features(golden):
        x = draw(shape, golden.name, "x", shape, offset=0.5)
        for beta in (1, 0.5):
            golden.add(lambda x, b=beta: gaussian_embedding(x, b), {"x": x}, {"beta": beta})
    yield golden

    golden = Golden("compactBilinear")
    for shape, x in features(golden):
        length = 2 * shape[2]
        constants = draw_sketch(x, length, golden.name, shape)
        golden.add(lambda x, l=length, **c: compact_bilinear(x, length=l, **c), {"x": x}, {"outputDim": length}, constants)
    yield golden

    for name, f in [("signedSqrt", signed_sqrt), ("l2Normalize", l2_normalize)]:
        golden = Golden(name)
        for shape in [(2, 12), (1, 20), (3, 5)]:
            # Half a step off the grid: no value is 0, where the signed root jumps.
            golden.add(f, {"x": draw(shape, golden.name, shape) + 1 / 128})
        yield golden

    golden = Golden("distanceCovariance")
    for shape, x in features(golden):
        golden.add(distance_covariance, {"x": x, "t": torch.tensor(math.log(1 / (2 * shape[2] ** 2))).round(decimals=2)})
    yield golden
