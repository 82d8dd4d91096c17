"""Spec sections 2, 5 and 9.4: functions of eigenvalues, and the published gradients of the root."""
import torch

from covariance import covariance
from golden import SHAPES, Golden, draw, draw_spd, sym
from iterative import newton_schulz_sqrt

EPS64 = 2.0**-52


def lyapunov_solution(s, g):
    """X of S X + X S = G as one linear system of d^2 unknowns."""
    d = s.shape[-1]
    identity = torch.eye(d)
    systems = torch.stack([torch.kron(a, identity) + torch.kron(identity, a) for a in s])
    return torch.linalg.solve(systems, g.reshape(len(s), d * d, 1)).reshape(g.shape)


def descending(a):
    values, vectors = torch.linalg.eigh(a)
    return values.flip(-1), vectors.flip(-1)


def rebuild(vectors, values):
    return vectors * values[:, None, :] @ vectors.mT


def post_normalized(powers, norm):
    if norm == "m-l2":
        return powers / powers[:, :1]
    if norm == "m-fro":
        return powers / powers.norm(dim=1, keepdim=True)
    return powers


def matrix_power(a, alpha=0.5, epsilon=0.0, norm="none"):
    """Autograd through the eigendecomposition: exact while the eigenvalues differ."""
    values, vectors = descending(a)
    return rebuild(vectors, post_normalized((values + epsilon) ** alpha, norm))


def centred_coordinates(x):
    """The centred rows in an orthonormal basis of what centring leaves: [B,M−1,d], of full rank."""
    m = x.shape[1]
    _, basis = torch.linalg.eigh(torch.eye(m) - 1 / m)
    return basis[:, 1:].mT @ x


def matrix_power_of_features(x, alpha=0.5, norm="none"):
    """Of covariances of any rank: with Y the centred rows in M−1 coordinates, f(YᵀY/M) = Yᵀ g(YYᵀ/M) Y/M, g(λ) = f(λ)/λ."""
    m, d = x.shape[1:]
    if m > d:
        return matrix_power(covariance(x), alpha, norm=norm)
    y = centred_coordinates(x)
    values, vectors = descending(y @ y.mT / m)
    return y.mT @ rebuild(vectors, post_normalized(values**alpha, norm) / values) @ y / m


class KMatrixRoot(torch.autograd.Function):
    """The root with the backward of Ionescu et al., K as each variant has it."""

    @staticmethod
    def forward(ctx, a, variant, alpha, norm):
        values, vectors = descending(a)
        ctx.variant, ctx.alpha, ctx.norm = variant, alpha, norm
        root = rebuild(vectors, post_normalized(values**alpha, norm))
        ctx.save_for_backward(values, vectors, root)
        return root

    @staticmethod
    def backward(ctx, g):
        values, u, root = ctx.saved_tensors
        alpha = ctx.alpha
        gs = sym(g)
        inner = (g * root).sum((1, 2))[:, None]
        powers = values**alpha
        scale, extra = 1, torch.zeros_like(values)
        if ctx.norm == "m-l2":
            scale = powers[:, :1]
            extra[:, :1] = alpha / values[:, :1] * inner
        if ctx.norm == "m-fro":
            scale = powers.norm(dim=1, keepdim=True)
            extra = alpha / scale**2 * inner * values ** (2 * alpha - 1)
        d_u = 2 * gs @ u * (powers / scale)[:, None, :]
        diagonal = torch.diagonal(u.mT @ gs @ u, dim1=-2, dim2=-1)
        d_values = alpha * values ** (alpha - 1) / scale * diagonal - extra
        k = k_matrix(values, ctx.variant)
        return sym(u @ (k.mT * (u.mT @ d_u) + torch.diag_embed(d_values)) @ u.mT), None, None, None


def k_matrix(values, variant):
    rows, columns = values[:, :, None], values[:, None, :]
    off_diagonal = ~torch.eye(values.shape[1], dtype=bool)
    if variant in ("k-matrix", "trunc"):
        k = torch.where(off_diagonal, 1 / torch.where(off_diagonal, rows - columns, 1), 0)
        return k.clamp(-1e10, 1e10) if variant == "trunc" else k
    larger = torch.maximum(rows, columns)
    x = torch.minimum(rows, columns) / larger
    sign = torch.where(rows >= columns, 1.0, -1.0)
    if variant == "taylor":
        ratio = sum(x**k for k in range(101))
    else:
        ratio = 1 / torch.clamp(1 - x, min=2.2e-16)
    return torch.where(off_diagonal, sign / larger * ratio, 0)


class NewtonRoot(torch.autograd.Function):
    """The exact root forwards, ten Newton–Schulz iterations backwards."""

    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        values, vectors = descending(a)
        return rebuild(vectors, values.sqrt())

    @staticmethod
    def backward(ctx, g):
        (a,) = ctx.saved_tensors
        with torch.enable_grad():
            leaf = a.detach().requires_grad_()
            return torch.autograd.grad((newton_schulz_sqrt(leaf, 10) * sym(g)).sum(), leaf)[0]


class PowerIteration(torch.autograd.Function):
    """The largest eigenvector v of M; backwards Σ_{k≤19} Mᵏ/lᵏ⁺¹ (I − vvᵀ) dv vᵀ."""

    @staticmethod
    def forward(ctx, m):
        v = torch.linalg.eigh(m)[1][:, :, -1:]
        ctx.save_for_backward(m, v)
        return v

    @staticmethod
    def backward(ctx, dv):
        m, v = ctx.saved_tensors
        length = v.mT @ m @ v
        term = (dv - v @ (v.mT @ dv)) / length
        total = torch.zeros_like(dv)
        for _ in range(20):
            total, term = total + term, m @ term / length
        return total @ v.mT


def power_iteration_root(a):
    """One eigenvector after the other, each of the deflated matrix; the gradient flows through the deflation too."""
    deflated, root = a, 0
    for _ in range(a.shape[-1]):
        v = PowerIteration.apply(deflated)
        value = v.mT @ deflated @ v
        root = root + value.sqrt() * v @ v.mT
        deflated = deflated - value * v @ v.mT
    return root


class TopNRoot(torch.autograd.Function):
    """The smallest of every 256 eigenvalues' 50 (rounded) set to 2⁻⁵², forwards and backwards."""

    @staticmethod
    def forward(ctx, a):
        values, vectors = descending(a)
        values[:, round(206 / 256 * a.shape[-1]) :] = EPS64
        ctx.save_for_backward(values, vectors)
        return rebuild(vectors, values.sqrt())

    @staticmethod
    def backward(ctx, g):
        values, u = ctx.saved_tensors
        gs = sym(g)
        d_u = 2 * gs @ u * values.sqrt()[:, None, :]
        d_values = torch.diagonal(u.mT @ gs @ u, dim1=-2, dim2=-1) / (2 * values.sqrt())
        return sym(u @ (k_matrix(values, "k-matrix").mT * (u.mT @ d_u) + torch.diag_embed(d_values)) @ u.mT)


def scaling_eigen_branch(a):
    values, vectors = descending(a)
    root, inverse = rebuild(vectors, values.sqrt()), rebuild(vectors, torch.exp(-values))
    return root * (1 + torch.linalg.matrix_norm(root @ inverse.mT))[:, None, None]


def scaling_eigen_branch_of_features(x):
    """The kernel adds nothing to the norm: with M ≤ d, of the M−1 other eigenvalues alone."""
    m, d = x.shape[1:]
    if m > d:
        return scaling_eigen_branch(covariance(x))
    y = centred_coordinates(x)
    values, vectors = descending(y @ y.mT / m)
    root = y.mT @ rebuild(vectors, values**-0.5) @ y / m
    norm = (values * torch.exp(-2 * values)).sum(1).sqrt()
    return root * (1 + norm)[:, None, None]


def cholesky_log(a, epsilon=1e-6):
    l = torch.linalg.cholesky(a + epsilon * torch.eye(a.shape[-1]))
    strict = torch.tril(l, -1)
    return strict + strict.mT + torch.diag_embed(2 * torch.log(torch.diagonal(l, dim1=-2, dim2=-1)))


def matrices(golden):
    for batch, _, d in SHAPES:
        yield draw_spd(batch, d, golden.name, d)


def goldens():
    golden = Golden("matrixPower", symmetric=["a"])
    for a in matrices(golden):
        for options in (
            {"alpha": 0.5},
            {"alpha": 0.7, "epsilon": 0.01},
            {"alpha": 0.5, "norm": "m-l2"},
            {"alpha": 0.3, "norm": "m-fro"},
        ):
            golden.add(lambda a, o=options: matrix_power(a, **o), {"a": a}, options)
    yield golden

    golden = Golden("matrixPowerPublished", symmetric=["a"])
    for a in matrices(golden):
        for variant in ("k-matrix", "trunc", "taylor", "pade"):
            f = lambda a, v=variant: KMatrixRoot.apply(a, v, 0.5, "none")
            # Well conditioned: only the Taylor series is off.
            golden.add(f, {"a": a}, {"gradient": variant}, exact=variant != "taylor")
        golden.add(NewtonRoot.apply, {"a": a}, {"gradient": "newton"}, exact=False)
        golden.add(power_iteration_root, {"a": a}, {"gradient": "pi"}, exact=False)
    yield golden

    golden = Golden("matrixPowerTopN", symmetric=["a"])
    for batch, d in [(2, 4), (2, 6), (1, 5)]:
        # One eigenvalue is set; with more, the published code takes K of their tie from the whole batch.
        golden.add(TopNRoot.apply, {"a": draw_spd(batch, d, golden.name, d)}, {"gradient": "topn"}, exact=False)
    yield golden

    golden = Golden("matrixPowerNormalizedPublished", symmetric=["a"])
    for a in matrices(golden):
        for norm in ("m-l2", "m-fro"):
            f = lambda a, n=norm: KMatrixRoot.apply(a, "k-matrix", 0.5, n)
            golden.add(f, {"a": a}, {"gradient": "k-matrix", "norm": norm})
    yield golden

    golden = Golden("matrixPowerCov")
    for shape in SHAPES:
        x = draw(shape, golden.name, "x", shape)
        for options in ({"alpha": 0.5}, {"alpha": 0.7, "norm": "m-l2"}, {"alpha": 0.5, "norm": "m-fro"}):
            golden.add(lambda x, o=options: matrix_power_of_features(x, **o), {"x": x}, options, check=1e-5)
    yield golden

    golden = Golden("scalingEigenBranchCov")
    for shape in SHAPES:
        golden.add(scaling_eigen_branch_of_features, {"x": draw(shape, golden.name, "x", shape)}, check=1e-5)
    yield golden

    golden = Golden("eighValues", symmetric=["a"])
    for a in matrices(golden):
        golden.add(lambda a: descending(a)[0], {"a": a})
    yield golden

    golden = Golden("eighCubed", symmetric=["a"])
    for a in matrices(golden):
        golden.add(lambda a: a @ a @ a, {"a": a})
    yield golden

    for name, f in [("scalingEigenBranch", scaling_eigen_branch), ("choleskyLog", cholesky_log)]:
        golden = Golden(name, symmetric=["a"])
        for a in matrices(golden):
            golden.add(f, {"a": a})
        yield golden

    golden = Golden("choleskyLogCov")
    for shape in SHAPES:
        x = draw(shape, golden.name, "x", shape)
        epsilon = 1e-6 if shape[1] > shape[2] else 0.01
        golden.add(lambda x, e=epsilon: cholesky_log(covariance(x), e), {"x": x}, {"epsilon": epsilon}, check=1e-5)
    yield golden

    golden = Golden("powTmlr")
    for shape in SHAPES:
        x = draw(shape, golden.name, "x", shape)
        f = lambda x: 2 * (newton_schulz_sqrt(covariance(x), 5) - torch.eye(x.shape[2]))
        golden.add(f, {"x": x}, {"iterations": 5})
    yield golden

    golden = Golden("scalePowEmlr")
    for shape in SHAPES:
        x = draw(shape, golden.name, "x", shape)
        golden.add(lambda x: 2 * newton_schulz_sqrt(covariance(x), 5), {"x": x}, {"iterations": 5})
    yield golden

    golden = Golden("solveLyapunov", symmetric=["s"])
    for batch, d in [(2, 3), (1, 4), (2, 5)]:
        inputs = {"s": draw_spd(batch, d, golden.name, d), "g": draw((batch, d, d), golden.name, "g", d)}
        golden.add(lyapunov_solution, inputs, {"iterations": 16})
    yield golden
