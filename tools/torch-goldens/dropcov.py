"""Spec section 6: adaptive channel dropout and what ships beside it."""
import itertools
import math

import torch

from covariance import covariance, cross_covariance, signed_sqrt
from golden import SHAPES, Golden, draw, grid


def channel_scores(x, kernel):
    """A 3-tap convolution of the mean over positions, along the channels, zero padding."""
    return torch.nn.functional.conv1d(x.mean(1)[:, None, :], kernel.reshape(1, 1, 3), padding=1)[:, 0]


def channel_importance(x, kernel):
    return torch.softmax(channel_scores(x, kernel), dim=1)


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


def stride_mask(length, interval, seed):
    """Ones interval + 1 places apart; the first stands at a random one."""
    phase = (interval + 1) * next(sfc32(seed, "stride-mask")) // 2**32
    return torch.tensor([1.0 if i % (interval + 1) == phase else 0.0 for i in range(length)])


def rank_mask(values, kept):
    """Where the values are whose ranks, 0 the largest, are kept."""
    order = values.detach().argsort(dim=1, descending=True)
    ranks = torch.zeros_like(order).scatter(1, order, torch.arange(values.shape[1]).expand_as(order))
    return kept(ranks).double()


def hard_attention(x, weights, keep="largest", share=0.5, interval=1):
    count = math.floor(share * weights.shape[1])
    kept = (lambda r: r < count) if keep == "largest" else (lambda r: r % (interval + 1) == 0)
    return x * (weights * rank_mask(weights, kept))[:, None, :]


def se_attention(x, squeeze, excite):
    return torch.sigmoid(torch.relu(x.mean(1) @ squeeze) @ excite)


def sv_power_norm(x, start, alpha=0.5, iterations=1, triplets=1):
    """Triplets by the power method from the given start, per matrix [B,r1,r2]; the last s divides the remainder."""
    unit = lambda w: w / w.norm(dim=1, keepdim=True)
    powered = 0
    for _ in range(triplets):
        v = start[:, None]
        for _ in range(iterations):
            u = unit(x @ v)
            v = unit(x.mT @ u)
        s = u.mT @ x @ v
        powered, x = powered + s**alpha * u @ v.mT, x - s * u @ v.mT
    return powered + x / (s ** (1 - alpha) + 1e-5)


def element_power_norm(x, of="matrix"):
    roots = signed_sqrt(x)
    return roots / roots.norm(dim=1 if of == "columns" else (1, 2), keepdim=True)


def cross_drop_cov(q, k, attention=None, training=True, seed=0, centering="channel", dropAxis="channel", rate=0.0):
    """One mask for both sides; with attention the rate adapts to (S + Sᵀ)1."""
    cross = lambda q, k: cross_covariance(q, k, centering)
    if not training:
        return cross(q, k)
    if attention is not None:
        q, k = q * (1 + attention)[:, None, :], k * (1 + attention)[:, None, :]
        s = cross(q, k)
        rate = adaptive_drop_rate(attention, (s + s.mT).sum(2))
    axis = 2 if dropAxis == "channel" else 1
    uniform = uniform_numbers(q.shape[0], q.shape[axis], seed)
    mask = ((uniform >= rate).double() / (1 - rate)).unsqueeze(1 if axis == 2 else 2)
    return cross(q * mask, k * mask)


def multi_head(x, weight, kernel=None, heads=2, headDim=3, training=False, seed=0, elementRate=0.5, **options):
    batch, positions, _ = x.shape
    q, k = (x @ weight).split(heads * headDim, dim=2)[:2]
    per_head = lambda y: y.reshape(batch, positions, heads, headDim).transpose(1, 2).flatten(0, 1)
    q, k = per_head(q), per_head(k)
    attention = channel_importance((q + k) / 2, kernel) if kernel is not None and training else None
    z = cross_drop_cov(q, k, attention, training, seed, **options).reshape(batch, -1)
    if not training:
        return z
    uniform = uniform_numbers(*z.shape, derive_seed(seed, "elements"))
    return z * (uniform >= elementRate).double() / (1 - elementRate)


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

    golden = Golden("ecaAttention")
    for shape in SHAPES:
        golden.add(
            lambda x, kernel: torch.sigmoid(channel_scores(x, kernel)),
            {"x": draw(shape, golden.name, "x", shape), "kernel": draw((3, 1, 1), golden.name, "kernel", shape)},
        )
    yield golden

    golden = Golden("seAttention")
    for shape in SHAPES:
        d = shape[2]
        inputs = {
            "x": draw(shape, golden.name, "x", shape, offset=0.5),
            "squeeze": draw((d, 3), golden.name, "squeeze", shape),
            "excite": draw((3, d), golden.name, "excite", shape),
        }
        golden.add(se_attention, inputs)
    yield golden

    golden = Golden("hardAttention")
    for shape in SHAPES:
        inputs = {"x": draw(shape, golden.name, "x", shape), "weights": attentions(golden, shape)}
        for options in ({"share": 0.7}, {"keep": "uniform"}, {"keep": "uniform", "interval": 2}):
            golden.add(lambda o=options, **i: hard_attention(**i, **o), inputs, options)
    yield golden

    for name, f, variants in [
        (
            "keepLargest",
            lambda v, share=0.5: v * rank_mask(v, lambda r: r < math.floor(share * v.shape[1])),
            [{}, {"share": 0.7}],
        ),
        (
            "dropUniformRanks",
            lambda v, interval=1: v * rank_mask(v, lambda r: r % (interval + 1) == 1),
            [{}, {"interval": 2}],
        ),
        (
            "dropUniform",
            lambda v, interval=1, seed=0: v * stride_mask(v.shape[1], interval, seed),
            [{}, {"interval": 2, "seed": 5}],
        ),
    ]:
        golden = Golden(name)
        for shape in [(2, 10), (2, 21), (1, 36)]:
            # A little more from place to place: no two values are the same.
            v = draw(shape, name, shape) + torch.arange(shape[1]) / 4096
            for options in variants:
                golden.add(lambda v, o=options: f(v, **o), {"v": v}, options)
        yield golden

    golden = Golden("dropUniformChannels")
    for shape in SHAPES:
        for options in ({}, {"interval": 2, "seed": 5}):
            f = lambda x, interval=1, seed=0: x * stride_mask(x.shape[2], interval, seed)
            golden.add(lambda x, o=options: f(x, **o), {"x": draw(shape, golden.name, shape)}, options)
    yield golden

    golden = Golden("crossDropCov")
    for shape in SHAPES:
        inputs = {"q": draw(shape, golden.name, "q", shape), "k": draw(shape, golden.name, "k", shape, offset=0.25)}
        for options in (
            {"training": False, "centering": "none"},
            {"training": True, "seed": 3, "rate": 0.25, "dropAxis": "token", "centering": "scalar"},
        ):
            golden.add(lambda o=options, **i: cross_drop_cov(**i, **o), inputs, options)
        with_attention = {**inputs, "attention": attentions(golden, shape)}
        options = {"training": True, "seed": 4}
        golden.add(lambda o=options, **i: cross_drop_cov(**i, **o), with_attention, options, exact=False)
    yield golden

    golden = Golden("multiHeadCrossCovariance")
    for batch, positions, channels, heads, head_dim in [(2, 9, 4, 2, 3), (2, 4, 6, 3, 2), (1, 16, 5, 1, 4)]:
        inputs = {
            "x": draw((batch, positions, channels), golden.name, "x", channels),
            "weight": draw((channels, 3 * heads * head_dim), golden.name, "weight", channels, scale=0.5),
        }
        kernel = {"kernel": draw((3, 1, 1), golden.name, "kernel", channels)}
        head = {"heads": heads, "headDim": head_dim}
        reference = {"training": True, "seed": 5, "rate": 0.2, "dropAxis": "token", "centering": "scalar"}
        golden.add(lambda o=head, **i: multi_head(**i, **o), inputs, head)
        golden.add(lambda o={**head, **reference}, **i: multi_head(**i, **o), inputs, {**head, **reference})
        training = {**head, "training": True, "seed": 6, "elementRate": 0.25}
        golden.add(lambda o=training, **i: multi_head(**i, **o), {**inputs, **kernel}, training, exact=False)
    yield golden

    golden = Golden("svPowerNorm")
    for shape in [(2, 4, 4), (2, 3, 5), (1, 6, 4)]:
        # A leading triplet that stands out, as pooled tokens have it.
        inputs = {
            "x": draw(shape, golden.name, "x", shape, offset=0.25),
            "start": draw(shape[2:], golden.name, "start", shape),
        }
        # One iteration leaves a remainder that takes the start to 0 exactly: a second triplet needs two.
        for options in ({}, {"alpha": 0.3, "iterations": 2}, {"triplets": 2, "iterations": 2}):
            golden.add(lambda o=options, **i: sv_power_norm(**i, **o), inputs, options)
    yield golden

    golden = Golden("scaleNorm")
    for shape in [(2, 4, 4), (2, 3, 5), (1, 6, 4)]:
        x = draw(shape, golden.name, "x", shape)
        golden.add(lambda x: x * x.shape[2] ** -0.5, {"x": x})
        golden.add(lambda x, factor: x * factor, {"x": x, "factor": torch.tensor(0.75)})
    yield golden

    golden = Golden("elementPowerNorm")
    for shape in [(2, 4, 4), (2, 3, 5), (1, 6, 4)]:
        for options in ({}, {"of": "columns"}):
            # Half a step off the grid: no value is 0, where the signed root jumps.
            x = draw(shape, golden.name, shape) + 1 / 128
            golden.add(lambda x, o=options: element_power_norm(x, **o), {"x": x}, options, check=1e-5)
    yield golden
