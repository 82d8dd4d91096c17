"""Spec sections 3 and 5.10: Newton–Schulz, Taylor and Padé roots, and the Lyapunov backward."""
import torch

from covariance import covariance, gaussian_embedding
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


TAYLOR = [1, -1 / 2, -1 / 8, -1 / 16, -5 / 128, -7 / 256, -21 / 1024, -33 / 2048, -429 / 32768, -715 / 65536, -2431 / 262144]
PADE_P = [1, -11 / 4, 11 / 4, -77 / 64, 55 / 256, -11 / 1024]
PADE_Q = [1, -9 / 4, 7 / 4, -35 / 64, 15 / 256, -1 / 1024]


def polynomial(coefficients, z):
    power, total = torch.eye(z.shape[-1]).expand_as(z), 0
    for coefficient in coefficients:
        total, power = total + coefficient * power, power @ z
    return total


def frobenius(a):
    return torch.linalg.matrix_norm(a)[:, None, None]


def lyapunov(b, c, iterations=8):
    """Solves BX + XB = C for the scaled b = B/s, c = C/s by the matrix sign's iteration."""
    identity = torch.eye(b.shape[-1])
    for _ in range(iterations):
        square = b @ b
        c = (c @ (3 * identity - square) - square @ c + b @ c @ b) / 2
        b = b @ (3 * identity - square) / 2
    return c / 2


class Root(torch.autograd.Function):
    """MTP's and MPA's root: the gradient is that of the exact root, with what the series gave in its place."""

    @staticmethod
    def forward(ctx, a, kind, iterations):
        n = frobenius(a)
        z = torch.eye(a.shape[-1]) - a / n
        if kind == "mtp":
            root = polynomial(TAYLOR, z)
        else:
            root = torch.linalg.solve(polynomial(PADE_Q, z), polynomial(PADE_P, z))
        root = torch.sqrt(n) * root
        ctx.save_for_backward(root, n)
        ctx.iterations = iterations
        return root

    @staticmethod
    def backward(ctx, g):
        root, n = ctx.saved_tensors
        return lyapunov(root / torch.sqrt(n), g / torch.sqrt(n), ctx.iterations), None, None


class InverseRoot(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a, iterations):
        n = frobenius(a)
        z = torch.eye(a.shape[-1]) - a / n
        root = torch.linalg.solve(polynomial(PADE_P, z), polynomial(PADE_Q, z)) / torch.sqrt(n)
        ctx.save_for_backward(root)
        ctx.iterations = iterations
        return root

    @staticmethod
    def backward(ctx, g):
        (root,) = ctx.saved_tensors
        inverse = root @ root
        n = frobenius(root)
        return lyapunov(root / n, -inverse @ g @ inverse / n, ctx.iterations), None


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

    golden = Golden("isqrtGaussian")
    for shape in SHAPES:
        x = draw(shape, golden.name, "x", shape, offset=0.25)
        options = {"beta": 0.5, "iterations": 5}
        golden.add(lambda x: newton_schulz_sqrt(gaussian_embedding(x, 0.5), 5), {"x": x}, options)
    yield golden

    for name, f in [
        ("mpaSqrt", lambda a, iterations=8: Root.apply(a, "mpa", iterations)),
        ("mtpSqrt", lambda a, iterations=8: Root.apply(a, "mtp", iterations)),
        ("mpaInverseSqrt", lambda a, iterations=8: InverseRoot.apply(a, iterations)),
    ]:
        golden = Golden(name, symmetric=["a"])
        for batch, _, d in SHAPES:
            a = draw_spd(batch, d, golden.name, d)
            for options in ({}, {"iterations": 5}):
                golden.add(lambda a, o=options: f(a, **o), {"a": a}, options, exact=False)
        yield golden

    for name, kind in [("mpaSqrtCov", "mpa"), ("mtpSqrtCov", "mtp")]:
        golden = Golden(name)
        for shape in SHAPES:
            x = draw(shape, golden.name, "x", shape)
            for iterations in (8, 14):
                f = lambda x, i=iterations: Root.apply(covariance(x), kind, i)
                golden.add(f, {"x": x}, {"iterations": iterations}, exact=False)
        yield golden
