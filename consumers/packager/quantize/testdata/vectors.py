"""Blocks quantized by gguf-py, llama.cpp's own package.

vectors.json was made by `python vectors.py > vectors.json`, with gguf 0.19.0 and numpy 2.4.6.
"""

import json

import numpy
from gguf import GGMLQuantizationType as Type
from gguf.quants import quantize

random = numpy.random.default_rng(5)
rows = random.normal(0, 0.05, (12, 32)).astype(numpy.float32)
rows[1] = 0
rows[2, 3] = -1.5  # the largest is negative
rows[3] = numpy.linspace(-1, 1, 32)
rows[4] *= 1e-6
print(json.dumps({
    "values": [float(v) for v in rows.flatten()],
    "q8_0": quantize(rows, Type.Q8_0).tobytes().hex(),
    "q4_0": quantize(rows, Type.Q4_0).tobytes().hex(),
}))
