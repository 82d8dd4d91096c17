"""Spec section 8: compressible covariance pooling and its relatives."""
import itertools

import torch

from covariance import covariance, gaussian_embedding, l2_normalize, signed_sqrt, triu
from golden import SHAPES, Golden, draw, draw_spd, generator, grid
from iterative import newton_schulz_sqrt
from spectral import descending, rebuild


def d4_transforms(x):
    """All eight symmetries of pictures [B,S,S,C]: e, r, r², r³, f, rf, r²f, r³f; r turns clockwise, f flips upside down."""
    flipped = x.flip(1)
    return torch.cat([torch.rot90(y, -k, (1, 2)) for y in (x, flipped) for k in range(4)])


def trivial_representation(a, copies):
    return a.reshape(copies, -1, *a.shape[1:]).mean(0)


def frobenius_normalize(a):
    return a / torch.linalg.matrix_norm(a)[:, None, None]


def bi_map(a, w):
    return w.mT @ a @ w


def eigen_root(a, norm="image"):
    values, vectors = descending(a)
    length = values.norm() if norm == "batch" else values.norm(dim=1, keepdim=True)
    return rebuild(vectors, values.clamp(1e-6, 1e6).sqrt() / length)


def log_eig(a, floor=1e-6):
    values, vectors = descending(a)
    return rebuild(vectors, values.clamp(min=floor).log())


def re_eig(a, lowest=1e-4, highest=1e4):
    values, vectors = descending(a)
    return rebuild(vectors, values.clamp(lowest, highest))


def idccp(x, w, transforms=1, iterations=5, eigenNorm="image"):
    mean = trivial_representation(covariance(x), transforms)
    compressed = bi_map(frobenius_normalize(mean), w)
    root = newton_schulz_sqrt(eigen_root(compressed, eigenNorm), iterations)
    return l2_normalize(signed_sqrt(triu(root), 1e-12))


def low_rank_bilinear(a, b):
    return l2_normalize(signed_sqrt((a.mT @ b / a.shape[1]).flatten(1), 1e-12))


def mg_cap(x, transforms=1, crops=1):
    """Maps normalised as a whole; regularised Gaussian embeddings; maximum over transforms, sum over crops."""
    maps, m, d = x.shape
    x = x / x.flatten(1).norm(dim=1)[:, None, None]
    embedding = gaussian_embedding(x)
    unbiased = torch.zeros_like(embedding)
    unbiased[:, :d, :d] = covariance(x) / (m - 1)
    embedding = embedding + unbiased
    trace = torch.diagonal(embedding, dim1=1, dim2=2).sum(1)[:, None, None]
    embedding = embedding + 1e-4 * trace * torch.eye(d + 1)
    canonical = embedding.reshape(crops, transforms, maps // crops // transforms, d + 1, d + 1).amax(1)
    canonical = canonical / torch.linalg.matrix_norm(canonical)[..., None, None]
    return l2_normalize(signed_sqrt(canonical.sum(0).flatten(1) / m, 1e-12))


def clear_of_zero(f, draws, least):
    """The first draw under which no value comes near 0, where the signed root is steep."""
    return next(inputs for inputs in draws if f(**inputs).abs().min() > least)


def draw_frame(n, p, *key):
    """Columns that are orthonormal but for rounding to multiples of 1/1024."""
    q, _ = torch.linalg.qr(torch.tensor(generator(*key).standard_normal((n, p))))
    return grid(q, 1024)


def goldens():
    golden = Golden("d4Transforms")
    for shape in [(2, 2, 2, 2), (1, 3, 3, 2), (1, 4, 4, 1)]:
        golden.add(d4_transforms, {"x": draw(shape, golden.name, shape)})
    yield golden

    golden = Golden("trivialRepresentation")
    for batch, d, copies in [(4, 3, 2), (8, 2, 8), (3, 4, 3)]:
        a = draw((batch, d, d), golden.name, d)
        golden.add(lambda a, c=copies: trivial_representation(a, c), {"a": a}, {"copies": copies})
    yield golden

    golden = Golden("frobeniusNormalize")
    for batch, _, d in SHAPES:
        golden.add(frobenius_normalize, {"a": draw((batch, d, d), golden.name, d)})
    yield golden

    golden = Golden("biMap", symmetric=["a"])
    for batch, _, d in SHAPES:
        golden.add(bi_map, {"a": draw_spd(batch, d, golden.name, d), "w": draw((d, d // 2), golden.name, "w", d)})
    yield golden

    for name, f, variants in [
        ("eigenRoot", eigen_root, [{}, {"norm": "batch"}]),
        ("logEig", log_eig, [{}, {"floor": 0.5}]),
        ("reEig", re_eig, [{}, {"lowest": 0.25, "highest": 1}]),
    ]:
        golden = Golden(name, symmetric=["a"])
        for batch, _, d in SHAPES:
            for options in variants:
                golden.add(lambda a, o=options: f(a, **o), {"a": draw_spd(batch, d, name, d)}, options)
        yield golden

    golden = Golden("idccp")
    for shape, p, options in [
        ((4, 9, 4), 3, {"transforms": 2}),
        ((3, 4, 6), 3, {"transforms": 3, "iterations": 3}),
        ((2, 16, 8), 4, {"eigenNorm": "batch"}),
    ]:
        draws = (
            {"x": draw(shape, golden.name, "x", shape, n), "w": draw_frame(shape[2], p, golden.name, "w", shape, n)}
            for n in itertools.count()
        )
        f = lambda o=options, **i: idccp(**i, **o)
        golden.add(f, clear_of_zero(f, draws, 0.07), options)
    yield golden

    golden = Golden("lowRankBilinear")
    for shape in [(2, 9, 3), (2, 4, 4), (1, 16, 4)]:
        draws = (
            {side: draw(shape, golden.name, side, shape, n, offset=0.5) for side in "ab"} for n in itertools.count()
        )
        golden.add(low_rank_bilinear, clear_of_zero(low_rank_bilinear, draws, 0.1))
    yield golden

    golden = Golden("mgCap")
    for shape, options in [
        ((4, 9, 3), {"transforms": 2}),
        ((4, 3, 4), {"transforms": 2, "crops": 2}),
        ((2, 12, 3), {"crops": 2}),
    ]:
        draws = ({"x": draw(shape, golden.name, shape, n, offset=0.75)} for n in itertools.count())
        f = lambda x, o=options: mg_cap(x, **o)
        golden.add(f, clear_of_zero(f, draws, 0.03), options)
    yield golden
