"""What a golden file is, how its inputs are drawn, and the checks that its gradients pass before they are written."""
import json
import pathlib
import zlib

import numpy as np
import torch

SEED = 4
FOLDER = pathlib.Path(__file__).parent.parent.parent / "packages/covpool/src/goldens"
SHAPES = [(2, 9, 4), (2, 4, 6), (1, 16, 8)]
"""Features [B,M,d]: more positions than channels, fewer, and one picture."""

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def generator(*key):
    return np.random.default_rng([SEED, zlib.crc32(repr(key).encode())])


def grid(values, step=64):
    """The nearest multiples of 1/step, which float32 holds exactly: both sides start from the same numbers."""
    return torch.tensor(np.round(np.asarray(values) * step) / step)


def draw(shape, *key, scale=1.0, offset=0.0):
    return grid(offset + scale * generator(*key).standard_normal(tuple(shape)))


def draw_spd(batch, d, *key, condition=20.0):
    """Symmetric positive definite matrices with distinct eigenvalues between about 2/condition and 2."""
    matrices = []
    for b in range(batch):
        rng = generator(*key, b)
        q, _ = np.linalg.qr(rng.standard_normal((d, d)))
        eigenvalues = 2 * condition ** -np.linspace(0, 1, d) * rng.uniform(0.97, 1.03, d)
        matrices.append((q * eigenvalues) @ q.T)
    rounded = np.round(np.stack(matrices) * 1024) / 1024
    upper = np.triu(rounded)
    return torch.tensor(upper + np.swapaxes(np.triu(rounded, 1), -1, -2))


class Weyl:
    """Many numbers for few bytes: the multiples of the golden ratio modulo 1, on 256 levels between −scale/2 and scale/2."""

    def __init__(self, shape, seed, scale=1.0):
        self.shape, self.seed, self.scale = shape, seed, scale
        index = np.arange(1, int(np.prod(shape)) + 1, dtype=np.uint64) + np.uint64(seed)
        level = (index * np.uint64(2654435761)) % np.uint64(2**32) >> np.uint64(24)
        self.values = torch.tensor((level.astype(float) - 127.5) / 256 * scale).reshape(shape)

    def json(self):
        return {"shape": list(self.shape), "weyl": {"seed": self.seed, "scale": self.scale}}


def sym(a):
    return (a + a.mT) / 2


def tensor_json(t):
    values = [float(f"{v:.9g}") + 0.0 for v in t.detach().reshape(-1).tolist()]
    return {"shape": list(t.shape), "values": [int(v) if v == int(v) and abs(v) < 1e9 else v for v in values]}


def difference_quotient(f, inputs, name, step=1e-5):
    """Central differences of a scalar function, entry by entry."""
    source = inputs[name].detach().clone(memory_format=torch.contiguous_format)
    flat = source.view(-1)
    result = torch.zeros_like(flat)
    for i in range(flat.numel()):
        at = flat[i].item()
        values = []
        for sign in (1, -1):
            flat[i] = at + sign * step
            values.append(f({**inputs, name: source}).item())
        flat[i] = at
        result[i] = (values[0] - values[1]) / (2 * step)
    return result.view_as(source)


class Golden:
    """The cases of one function. `symmetric` names the inputs that are symmetric matrices: the function is taken of their
    symmetric part, so that the gradient is the symmetrised one, which alone is defined."""

    def __init__(self, name, symmetric=()):
        self.name = name
        self.symmetric = symmetric
        self.cases = []

    def add(self, f, inputs, options=None, constants=None, exact=True, check=1e-6, label=None):
        """`f(**inputs, **constants)` and the gradient of ⟨G, f⟩ to the inputs, by autograd. `exact`: the gradient is that of
        the function, which central differences confirm; otherwise it is the published one, which is not."""
        options, constants = options or {}, constants or {}
        written = {n: v.json() if isinstance(v, Weyl) else tensor_json(v) for n, v in constants.items()}
        constants = {n: v.values if isinstance(v, Weyl) else v for n, v in constants.items()}
        leaves = {name: value.clone().requires_grad_() for name, value in inputs.items()}

        def of(values):
            values = {n: sym(v) if n in self.symmetric else v for n, v in values.items()}
            return f(**values, **constants)

        output = of(leaves)
        cotangent = draw(output.shape, self.name, "cotangent", len(self.cases))
        gradients = {}
        if output.requires_grad:
            found = torch.autograd.grad((output * cotangent).sum(), list(leaves.values()), allow_unused=True)
            gradients = {name: gradient for name, gradient in zip(leaves, found) if gradient is not None}
        assert torch.isfinite(output).all(), f"{self.name}: value not finite"
        for name, gradient in gradients.items():
            assert torch.isfinite(gradient).all(), f"{self.name}: gradient to {name} not finite"
            if not exact:
                continue
            with torch.no_grad():
                numeric = difference_quotient(lambda v: (of(v) * cotangent).sum(), inputs, name)
            error = (numeric - gradient).abs().max() / numeric.abs().max().clamp_min(1e-9)
            assert error < check, f"{self.name} case {len(self.cases)}: gradient to {name} is off by {error:.1e}"
        self.cases.append(
            {
                "label": label or "×".join(str(n) for n in next(iter(inputs.values())).shape),
                "shape": list(next(iter(inputs.values())).shape),
                "options": options,
                "gradient": "autograd" if exact else "published",
                "inputs": {n: tensor_json(v) for n, v in inputs.items()},
                **({"constants": written} if written else {}),
                "cotangent": tensor_json(cotangent),
                "outputs": tensor_json(output),
                "gradients": {n: tensor_json(g) for n, g in gradients.items()},
            }
        )

    def write(self, script):
        header = {
            "script": f"tools/torch-goldens/{script}",
            "seed": SEED,
            "precision": "float64",
            "torch": torch.__version__.split("+")[0],
            "symmetric": list(self.symmetric),
        }
        lines = ["{"]
        lines += [f" {json.dumps(k)}: {json.dumps(v)}," for k, v in header.items()]
        lines.append(' "cases": [')
        for index, case in enumerate(self.cases):
            fields = [f"   {json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in case.items()]
            lines += ["  {", ",\n".join(fields), "  }" + ("," if index + 1 < len(self.cases) else "")]
        lines += [" ]", "}", ""]
        text = "\n".join(lines)
        assert len(text) < 60_000, f"{self.name}: {len(text)} bytes"
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / f"{self.name}.json").write_text(text, encoding="utf-8")
        return len(text)
