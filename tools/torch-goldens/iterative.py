"""Spec sections 3 and 5.10: Newton–Schulz, Taylor and Padé roots, and the Lyapunov backward."""
import torch

from covariance import covariance
from golden import SHAPES, Golden, draw, draw_spd


def newton_schulz_sqrt(a, iterations=5, norm="trace"):
    """As published: coupled iterates of A/t, then √t."""
    identity = torch.eye(a.shape[-1])
    t = torch.diagonal(a, dim1=-2, dim2=-1).sum(-1) if norm == "trace" else torch.linalg.matrix_norm(a)
    t = t[:, None, None]
    y, z = a / t, identity.expand_as(a)
    for _ in range(iterations):
        step = (3 * identity - z @ y) / 2
        y, z = y @ step, step @ z
    return torch.sqrt(t) * y


def goldens():
    golden = Golden("newtonSchulzSqrt", symmetric=["a"])
    for batch, _, d in SHAPES:
        a = draw_spd(batch, d, golden.name, d)
        for iterations, norm in [(1, "trace"), (2, "trace"), (3, "trace"), (5, "trace"), (1, "frobenius"), (5, "frobenius")]:
            options = {"iterations": iterations, "norm": norm}
            golden.add(lambda a, o=options: newton_schulz_sqrt(a, **o), {"a": a}, options)
    yield golden

    golden = Golden("isqrtCov")
    for shape in SHAPES:
        x = draw(shape, golden.name, "x", shape)
        for options in ({"iterations": 5, "norm": "trace"}, {"iterations": 3, "norm": "frobenius"}):
            golden.add(lambda x, o=options: newton_schulz_sqrt(covariance(x), **o), {"x": x}, options)
    yield golden
