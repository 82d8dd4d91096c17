"""Golden values and gradients of every differentiable function, from PyTorch in float64: see README.md.

    ~/oracles/bin/python tools/torch-goldens/make_torch_goldens.py [NAME ...]

Writes packages/covpool/src/goldens/NAME.json.
"""
import sys

import covariance
import dropcov
import gsop
import idccp
import iterative
import spectral

SECTIONS = [covariance, iterative, spectral, dropcov, gsop, idccp]


def main(wanted):
    total = 0
    for section in SECTIONS:
        for golden in section.goldens():
            if not wanted or golden.name in wanted:
                size = golden.write("make_torch_goldens.py")
                total += size
                print(f"{golden.name}: {len(golden.cases)} cases, {size} bytes")
    print(f"{total} bytes in all")


main(sys.argv[1:])
