"""Golden pictures of Pillow for packages/datasets: resampling, colour adjustments, and decoding to 8-bit RGB.

    python3 -m venv /tmp/pil && /tmp/pil/bin/pip install pillow==13.0.0 numpy
    /tmp/pil/bin/python tools/make-pil-goldens.py

Writes packages/datasets/src/goldens/{resize,adjust,decode}.json and apps/classify/src/goldens/evaluation.json. Pixels and files
are base64, pixels as RGB rows.
"""
import base64
import io
import json
import pathlib
import struct
import zlib

import numpy as np
import PIL
from PIL import Image, ImageCms, ImageEnhance

SEED = 7
FOLDER = pathlib.Path(__file__).parent.parent / "packages/datasets/src/goldens"
CLASSIFY = pathlib.Path(__file__).parent.parent / "apps/classify/src/goldens"
rng = np.random.default_rng(SEED)


def b64(data):
    return base64.b64encode(bytes(data)).decode()


def pixels(image):
    assert image.mode == "RGB"
    return {"width": image.width, "height": image.height, "data": b64(image.tobytes())}


def scene(width, height):
    """A smooth ramp with a hard edge and noise: enough to tell filters and roundings apart."""
    y, x = np.mgrid[0:height, 0:width]
    planes = np.stack([x * 255 / max(1, width - 1), y * 255 / max(1, height - 1), 255 * ((x // 3 + y // 2) % 2)], -1)
    noise = rng.integers(-60, 61, planes.shape)
    return np.clip(planes + noise, 0, 255).astype(np.uint8)


def write(name, content, folder=FOLDER):
    header = {"madeBy": "tools/make-pil-goldens.py", "pillow": PIL.__version__, "seed": SEED}
    (folder / f"{name}.json").write_text(json.dumps({**header, **content}, indent=1) + "\n")


def resize_goldens():
    source = Image.fromarray(scene(23, 17))
    filters = ["box", "bilinear", "bicubic", "lanczos"]
    sizes = [(11, 8), (23, 17), (23, 5), (7, 17), (1, 1), (31, 40), (5, 29)]
    boxes = [(10, 9, (3, 2, 20, 13)), (12, 12, (0.3, 1.7, 22.1, 16.9)), (23, 17, (1, 0, 23, 16.5)), (3, 3, (4.25, 4, 4.75, 5))]
    cases = [(f, w, h, None) for f in filters for w, h in sizes] + [(f, w, h, b) for f in filters for w, h, b in boxes]
    results = []
    for name, width, height, box in cases:
        result = source.resize((width, height), Image.Resampling[name.upper()], box=box)
        results.append({"filter": name, "box": box, **pixels(result)})
    write("resize", {"source": pixels(source), "cases": results})


def adjust_goldens():
    source = Image.fromarray(scene(19, 6))
    results = []
    for name, kind in [("brightness", "Brightness"), ("contrast", "Contrast"), ("saturation", "Color")]:
        for factor in [0, 0.3, 0.6180339887, 1, 1.1, 1.4, 2.5]:
            results.append({"name": name, "factor": factor, **pixels(getattr(ImageEnhance, kind)(source).enhance(factor))})
    write("adjust", {"source": pixels(source), "cases": results})


def png16(samples, color_type):
    """A 16-bit PNG, which Pillow cannot write for more than one channel."""
    height, width = samples.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in samples)
    chunk = lambda kind, body: struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    header = struct.pack(">IIBBBBB", width, height, 16, color_type, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def saved(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def swapped_profile():
    """An sRGB profile whose red and green primaries are exchanged: whoever applies it shows."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    entries = {}
    for i in range(struct.unpack(">I", data[128:132])[0]):
        entry = 132 + 12 * i
        entries[bytes(data[entry : entry + 4])] = struct.unpack(">II", data[entry + 4 : entry + 12])
    (red, size), (green, _) = entries[b"rXYZ"], entries[b"gXYZ"]
    data[red : red + size], data[green : green + size] = data[green : green + size], data[red : red + size]
    return bytes(data)


def decode_goldens():
    rgb = Image.fromarray(scene(13, 9))
    grey = rgb.convert("L")
    alpha = Image.fromarray(rng.integers(0, 256, (9, 13), dtype=np.uint8))
    rgba = Image.merge("RGBA", [*rgb.split(), alpha])
    palette = rgb.quantize(17)
    cmyk = Image.fromarray(rng.integers(0, 256, (9, 13, 4), dtype=np.uint8), "CMYK")
    deep = lambda channels: rng.integers(0, 65536, (5, 7, channels), dtype=np.uint16)
    grey16 = deep(1)
    grey16[0, :5, 0] = [0, 1, 100, 255, 256]
    orientation = Image.Exif()
    orientation[0x0112] = 6
    files = {
        "1x1.png": saved(Image.new("RGB", (1, 1), (200, 100, 50)), "PNG"),
        "1x1.jpg": saved(Image.new("RGB", (1, 1), (200, 100, 50)), "JPEG"),
        "rgb.png": saved(rgb, "PNG"),
        "grey.png": saved(grey, "PNG"),
        "grey-transparent-colour.png": saved(grey, "PNG", transparency=grey.getpixel((3, 3))),
        "rgb-transparent-colour.png": saved(rgb, "PNG", transparency=rgb.getpixel((3, 3))),
        "grey-alpha.png": saved(Image.merge("LA", [grey, alpha]), "PNG"),
        "rgba.png": saved(rgba, "PNG"),
        "one-bit.png": saved(rgb.convert("1"), "PNG"),
        "palette.png": saved(palette, "PNG"),
        "palette-transparent.png": saved(palette, "PNG", transparency=3),
        "grey-16.png": png16(grey16, 0),
        "grey-alpha-16.png": png16(deep(2), 4),
        "rgb-16.png": png16(deep(3), 2),
        "rgba-16.png": png16(deep(4), 6),
        "colour.jpg": saved(Image.fromarray(scene(37, 21)), "JPEG", quality=85),
        "progressive-444.jpg": saved(rgb, "JPEG", quality=92, subsampling=0, progressive=True),
        "grey.jpg": saved(grey, "JPEG"),
        "cmyk.jpg": saved(cmyk, "JPEG", quality=95),
        "orientation-6.jpg": saved(rgb, "JPEG", exif=orientation),
        "profile.jpg": saved(rgb, "JPEG", icc_profile=swapped_profile()),
        "profile.png": saved(rgb, "PNG", icc_profile=swapped_profile()),
        "rgb.tiff": saved(rgb, "TIFF"),
        "cmyk.tif": saved(cmyk, "TIFF", compression="tiff_lzw"),
        "grey-16.tif": saved(Image.fromarray(grey16[..., 0]), "TIFF"),
        "lossless.webp": saved(rgb, "WEBP", lossless=True),
        "lossless-alpha.webp": saved(rgba, "WEBP", lossless=True, exact=True),
        "lossy.webp": saved(rgb, "WEBP", quality=80),
        "palette.gif": saved(palette, "GIF"),
    }
    cases = []
    for name, data in files.items():
        image = Image.open(io.BytesIO(data))
        cases.append({"name": name, "mode": image.mode, "file": b64(data), **pixels(image.convert("RGB"))})
    for cut in (0.5, 0.9):
        try:
            data = files["colour.jpg"]
            Image.open(io.BytesIO(data[: int(len(data) * cut)])).convert("RGB")
            raise AssertionError("Pillow read a truncated JPEG")
        except OSError:
            pass
    write("decode", {"cases": cases})


def evaluation_goldens():
    """What networks of ImageNet are evaluated on (spec training, 1): of each row and column of the result every seventh."""
    results = []
    for width, height in [(500, 375), (375, 500), (256, 256), (180, 240), (1001, 640)]:
        y, x, c = np.mgrid[0:height, 0:width, 0:3]
        source = Image.fromarray(((x * 7 + y * 13 + (x * y) % 29 * 5 + 80 * c) % 256).astype(np.uint8))
        short, long = min(width, height), max(width, height)
        longer = int(256 * long / short)
        size = (256, longer) if width <= height else (longer, 256)
        resized = source.resize(size, Image.Resampling.BILINEAR)
        left, top = round((resized.width - 224) / 2), round((resized.height - 224) / 2)
        crop = np.asarray(resized.crop((left, top, left + 224, top + 224)))
        results.append({"width": width, "height": height, "every": 7, "data": b64(crop[::7, ::7].tobytes())})
    write("evaluation", {"cases": results}, CLASSIFY)


resize_goldens()
adjust_goldens()
decode_goldens()
evaluation_goldens()
