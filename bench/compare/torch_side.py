"""PyTorch's side of the bench: torch_side.py '<case as JSON>'. It says when it is ready; for each line with a number of
repetitions it answers {"ms": [...], "peakMegabytes": x}.

The meta-layers are written as the literature's PyTorch code computes them: covariance by a centring matrix, Newton-Schulz and
its analytic backward on d×d, the eigendecomposition in float64 with the matrix K, Lyapunov's equation by the coupled
iteration, DropCov as published. Networks are torchvision's. Two threads.
"""
import json
import math
import sys
import time

import torch
import torchvision
from torch.autograd import Function

torch.set_num_threads(2)
ITERATIONS = 5


def centring(m):
    return (torch.eye(m) - torch.full((m, m), 1 / m)) / m


class Covariance(Function):
    """x [B,d,M] -> x J xᵀ."""

    @staticmethod
    def forward(ctx, x):
        j = centring(x.shape[2]).expand(x.shape[0], -1, -1)
        ctx.save_for_backward(x, j)
        return x.bmm(j).bmm(x.transpose(1, 2))

    @staticmethod
    def backward(ctx, g):
        x, j = ctx.saved_tensors
        return (g + g.transpose(1, 2)).bmm(x).bmm(j)


class NewtonSchulz(Function):
    """iSQRT-COV's root with its analytic gradient: spec 3.1 and 3.2, every product on d×d."""

    @staticmethod
    def forward(ctx, a):
        b, d, _ = a.shape
        three = 3 * torch.eye(d).expand(b, d, d)
        trace = a.diagonal(dim1=1, dim2=2).sum(1).view(b, 1, 1)
        normed = a / trace
        z = 0.5 * (three - normed)
        y = normed.bmm(z)
        ys, zs = [y], [z]
        for _ in range(ITERATIONS - 2):
            t = 0.5 * (three - zs[-1].bmm(ys[-1]))
            ys.append(ys[-1].bmm(t))
            zs.append(t.bmm(zs[-1]))
        out = ys[-1].bmm(0.5 * (three - zs[-1].bmm(ys[-1])))
        ctx.save_for_backward(a, normed, trace, out, three, *ys, *zs)
        return out * trace.sqrt()

    @staticmethod
    def backward(ctx, g):
        a, normed, trace, out, three, *rest = ctx.saved_tensors
        ys, zs = rest[: ITERATIONS - 1], rest[ITERATIONS - 1 :]
        p = g * trace.sqrt()
        aux = (g * out).sum((1, 2), keepdim=True) / (2 * trace.sqrt())
        y, z = ys[-1], zs[-1]
        gy = 0.5 * (p.bmm(three - y.bmm(z)) - z.bmm(y).bmm(p))
        gz = -0.5 * y.bmm(p).bmm(y)
        for y, z in zip(reversed(ys[:-1]), reversed(zs[:-1])):
            yz, zy = three - y.bmm(z), z.bmm(y)
            gy, gz = (
                0.5 * (gy.bmm(yz) - z.bmm(gz).bmm(z) - zy.bmm(gy)),
                0.5 * (yz.bmm(gz) - y.bmm(gy).bmm(y) - gz.bmm(zy)),
            )
        d = 0.5 * (gy.bmm(three - normed) - gz - normed.bmm(gy))
        shift = aux - (d * a).sum((1, 2), keepdim=True) / trace**2
        return d / trace + shift * torch.eye(a.shape[1])


def inverse_differences(values):
    """K_ij = 1/(l_i - l_j), 0 where that is not finite."""
    k = 1 / (values.unsqueeze(2) - values.unsqueeze(1))
    k[~torch.isfinite(k)] = 0
    return k.mT


def taylor_differences(values):
    """SVD-Taylor: K_ij = (s/m) sum of x^k up to k = 100, x the smaller of the two over the larger, m."""
    first, second = values.unsqueeze(2), values.unsqueeze(1)
    largest = torch.maximum(first, second)
    x = torch.minimum(first, second) / largest
    k, power = torch.ones_like(x), torch.ones_like(x)
    for _ in range(100):
        power = power * x
        k = k + power
    k = torch.where(first >= second, k, -k) / largest
    return (k - torch.diag_embed(k.diagonal(dim1=1, dim2=2))).mT


class EigenRoot(Function):
    """The square root by an eigendecomposition in float64, backward by the matrix K of eigenvalue differences."""

    @staticmethod
    def forward(ctx, a, differences):
        ctx.differences = differences
        values, vectors = torch.linalg.eigh(a.double())
        values = values.clamp(min=torch.finfo(torch.float64).eps)
        ctx.save_for_backward(values, vectors)
        return ((vectors * values.sqrt().unsqueeze(1)) @ vectors.mT).float()

    @staticmethod
    def backward(ctx, g):
        values, vectors = ctx.saved_tensors
        g = g.double()
        g = (g + g.mT) / 2
        roots = values.sqrt()
        d_vectors = 2 * g @ (vectors * roots.unsqueeze(1))
        d_values = (vectors * (g @ vectors)).sum(1) / (2 * roots)
        inner = ctx.differences(values) * (vectors.mT @ d_vectors) + torch.diag_embed(d_values)
        full = vectors @ inner @ vectors.mT
        return ((full + full.mT) / 2).float(), None


class LyapunovRoot(Function):
    """MPA's forward (diagonal Padé [5/5] of the root) and the Lyapunov backward by eight coupled iterations."""

    numerator = [1.0, -2.75, 2.75, -1.203125, 0.21484375, -0.0107421875]
    denominator = [1.0, -2.25, 1.75, -0.546875, 0.05859375, -0.0009765625]

    @staticmethod
    def forward(ctx, a):
        d = a.shape[1]
        eye = torch.eye(d).expand_as(a)
        norm = a.flatten(1).norm(dim=1).view(-1, 1, 1)
        p, q, power = eye * 1.0, eye * 1.0, eye
        rest = eye - a / norm
        for n, m in zip(LyapunovRoot.numerator[1:], LyapunovRoot.denominator[1:]):
            power = power.bmm(rest)
            p = p + n * power
            q = q + m * power
        # One by one: batches of them fail in PyTorch 2.15 on several threads (MKL's SLASWP).
        root = torch.stack([torch.linalg.solve(left, right) for left, right in zip(q, p)])
        ctx.save_for_backward(root, norm)
        return root * norm.sqrt()

    @staticmethod
    def backward(ctx, g):
        root, norm = ctx.saved_tensors
        eye = torch.eye(root.shape[1]).expand_as(root)
        size = root.flatten(1).norm(dim=1).view(-1, 1, 1)
        b, c = root / size, g / size / norm.sqrt()
        for _ in range(8):
            b2 = b.bmm(b)
            c = 0.5 * (c.bmm(3 * eye - b2) - b.mT.bmm(b.mT.bmm(c) - c.bmm(b)))
            b = 0.5 * b.bmm(3 * eye - b2)
        return 0.5 * c


def upper(a):
    rows, columns = torch.triu_indices(a.shape[1], a.shape[1])
    return a[:, rows, columns]


def drop_cov(x, kernel):
    """x [B,d,M]: spec 6.2; the rate is read on the host, as the reference does."""
    d = x.shape[1]
    importance = torch.softmax(torch.nn.functional.conv1d(x.mean(2).unsqueeze(1), kernel, padding=1).squeeze(1), 1)
    x = x * (1 + importance.unsqueeze(2))
    sums = Covariance.apply(x).sum(2)
    cosine = torch.nn.functional.cosine_similarity(importance, sums).mean()
    rate = min(max(1 - 10 / math.log2(d) * cosine.item(), 0), 1)
    return upper(Covariance.apply(torch.nn.functional.dropout1d(x, rate)))


def operation(case):
    shape = (case["batch"], case["channels"], case["positions"])
    x = torch.rand(shape, generator=torch.Generator().manual_seed(1)).requires_grad_()
    kernel = torch.tensor([[[0.3, -0.2, 0.5]]])
    forward = {
        "isqrt": lambda: NewtonSchulz.apply(Covariance.apply(x)),
        "eigen": lambda: EigenRoot.apply(Covariance.apply(x), inverse_differences),
        "taylor": lambda: EigenRoot.apply(Covariance.apply(x), taylor_differences),
        "lyapunov": lambda: LyapunovRoot.apply(Covariance.apply(x)),
        "covariance": lambda: upper(Covariance.apply(x)),
        "dropcov": lambda: drop_cov(x, kernel),
    }[case["operation"]]
    dy = torch.rand_like(forward())

    def run():
        x.grad = None
        forward().backward(dy)

    return run


class Root(torch.nn.Module):
    def forward(self, x):
        return upper(NewtonSchulz.apply(Covariance.apply(x.flatten(2))))


def network(case, memory_format):
    model = getattr(torchvision.models, case["network"])()
    if case["pool"] == "isqrt":
        last = model.layer4[0]
        for layer in (last.conv1, last.conv2, last.downsample[0]):
            layer.stride = (1, 1)
        width = model.fc.in_features
        reduce = (torch.nn.Conv2d(width, 256, 1, bias=False), torch.nn.BatchNorm2d(256), torch.nn.ReLU())
        model.avgpool = torch.nn.Sequential(*reduce, Root())
        model.fc = torch.nn.Linear(256 * 257 // 2, 1000)
    model = model.to(memory_format=memory_format)
    pictures = torch.rand(case["batch"], 3, case["side"], case["side"]).to(memory_format=memory_format)
    labels = torch.arange(case["batch"]) % 1000
    if case["kind"] == "forward":
        model.eval()

        def forward():
            with torch.no_grad():
                model(pictures)

        return forward
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, weight_decay=1e-4)

    def step():
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(model(pictures), labels).backward()
        optimizer.step()

    return step


def timed(run):
    start = time.perf_counter()
    run()
    return 1000 * (time.perf_counter() - start)


def fastest(case):
    """The work in the memory format that is quicker here."""
    if case["kind"] == "operation":
        return operation(case)
    best = None
    for memory_format in (torch.contiguous_format, torch.channels_last):
        run = network(case, memory_format)
        run()
        ms = min(timed(run) for _ in range(2))
        if best is None or ms < best[0]:
            best = (ms, run)
    return best[1]


def memory(field):
    with open("/proc/self/status", encoding="ascii") as file:
        return next(int(line.split()[1]) / 1024 for line in file if line.startswith(field))


def answer(reply):
    print(json.dumps(reply), flush=True)


work = json.loads(sys.argv[1])
before = memory("VmRSS")
run = fastest(work)
answer({})
for line in sys.stdin:
    ms = [timed(run) for _ in range(int(line))]
    answer({"ms": ms, "peakMegabytes": memory("VmHWM") - before})
