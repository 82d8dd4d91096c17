"""PyTorch files in both containers for packages/checkpoints, with the values that they hold.

    python3 -m venv ~/oracles && ~/oracles/bin/pip install torch==2.15.0 numpy
    ~/oracles/bin/python tools/make-torch-files.py

Writes packages/checkpoints/src/goldens/torch/*.pth and expected.json. Values are exact; seed 6.
"""
import argparse
import io
import json
import os
import pathlib
import pickle
import shutil
import zipfile
from collections import OrderedDict

import torch

SEED = 6
FOLDER = pathlib.Path(__file__).parent.parent / "packages/checkpoints/src/goldens/torch"
DTYPES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F32",
    torch.bfloat16: "F32",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
"""What each type is read as: half and bfloat16 come as float32."""


def every_type():
    values = torch.tensor([[0.0, 1.5, -2.25], [100.0, -0.125, 7.0]])
    return OrderedDict((str(dtype).removeprefix("torch."), values.abs().to(dtype) if dtype == torch.uint8 else values.to(dtype)) for dtype in DTYPES)


def every_layout():
    base = torch.arange(24, dtype=torch.float32)
    cube = base.reshape(2, 3, 4)
    convolution = torch.randn(2, 3, 2, 2).to(memory_format=torch.channels_last)
    return OrderedDict(
        whole=base,
        view=cube,
        same=cube,
        transposed=cube.transpose(0, 2),
        row=cube[1, 1],
        column=cube[:, :, 2],
        every_second=base[1::2],
        half_transposed=cube.half().permute(2, 0, 1),
        channels_last=convolution,
        parameter=torch.nn.Parameter(torch.randn(3)),
        expanded=torch.tensor([2.0, 3.0]).expand(3, 2),
        scalar=torch.tensor(4.5),
        empty=torch.zeros(0, 5),
        one=torch.ones(1, 1, 1).as_strided((1, 1, 1), (7, 9, 3)),
    )


def network():
    return torch.nn.Sequential(OrderedDict(conv1=torch.nn.Conv2d(2, 3, 1, bias=False), bn1=torch.nn.BatchNorm2d(3)))


def training_checkpoint():
    """As scripts of PyTorch's examples save it, data-parallel."""
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    model(torch.randn(4, 2, 3, 3)).sum().backward()
    optimizer.step()
    state = OrderedDict((f"module.{name}", tensor) for name, tensor in model.state_dict().items())
    checkpoint = {"epoch": 90, "arch": "resnet50", "state_dict": state, "best_acc1": torch.tensor(78.5), "optimizer": optimizer.state_dict()}
    return checkpoint, state


class Attack:
    def __reduce__(self):
        return os.system, ("touch /tmp/covpool-was-attacked",)


def save(name, value, **options):
    torch.save(value, FOLDER / f"{name}.zip.pth", **options)
    torch.save(value, FOLDER / f"{name}.legacy.pth", _use_new_zipfile_serialization=False, **options)


def described(state):
    result = {}
    for name, tensor in state.items():
        values = tensor.detach().double().flatten().tolist()
        result[name] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape), "values": values}
    return result


def rewrite(source, target, change):
    """The same archive with other contents, compressions or sizes of 64 bits."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content, options = change(name, old.read(name))
            with new.open(zipfile.ZipInfo(name), "w", **options) as entry:
                entry.write(content)


def big_endian(name, content):
    if name.endswith("byteorder"):
        return b"big", {}
    if "/data/" in name:
        return b"".join(content[at : at + 4][::-1] for at in range(0, len(content), 4)), {}
    return content, {}


def main():
    torch.manual_seed(SEED)
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    expected = {"types": described(every_type()), "layouts": described(layouts := every_layout())}
    save("types", every_type())
    save("layouts", layouts)
    checkpoint, state = training_checkpoint()
    expected["checkpoint"] = {name.removeprefix("module."): entry for name, entry in described(state).items()}
    save("checkpoint", checkpoint)
    plain = {"model": OrderedDict(weight=torch.randn(2, 3), bias=torch.randn(2)), "note": "ünïcode"}
    expected["plain"] = described(plain["model"])
    for protocol in (3, 4, 5):
        torch.save(plain, FOLDER / f"protocol{protocol}.zip.pth", pickle_protocol=protocol)
    torch.save(plain, FOLDER / "plain.zip.pth")
    rewrite(FOLDER / "plain.zip.pth", FOLDER / "big-endian.zip.pth", big_endian)
    rewrite(FOLDER / "plain.zip.pth", FOLDER / "zip64.zip.pth", lambda _, content: (content, {"force_zip64": True}))
    save("refused-attack", OrderedDict(weight=torch.ones(2), attack=Attack()))
    save("refused-model", network())
    save("refused-namespace", {"model": plain["model"], "args": argparse.Namespace(lr=0.1)})
    save("refused-complex", {"weight": torch.ones(2, dtype=torch.complex64)})
    save("refused-list", [1, 2.5, "three"])
    (FOLDER / "refused-pickle.pth").write_bytes(pickle.dumps({"weight": [1.0, 2.0]}, protocol=2))
    script = io.BytesIO()
    torch.jit.save(torch.jit.script(torch.nn.Linear(2, 1)), script)
    (FOLDER / "refused-script.pth").write_bytes(script.getvalue())
    with zipfile.ZipFile(FOLDER / "plain.zip.pth") as old, zipfile.ZipFile(FOLDER / "refused-deflated.pth", "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    header = {"madeBy": "tools/make-torch-files.py", "torch": torch.__version__, "seed": SEED}
    (FOLDER / "expected.json").write_text(json.dumps({**header, "files": expected}, indent=1) + "\n")


if __name__ == "__main__":
    main()
