"""What others' programs read in the files of `npm run realfiles`: numpy, h5py, onnx and Python's csv.

    python3 test/realFiles/expected.py out/realFiles > test/fixtures/realFiles.json

Of each file its SHA-256 and either `holds` (how many arrays, and the SHA-256 of a line for each of them, sorted: name,
shape, FNV-1a over the float64 numbers; or `unreadable` for what is no array of plain numbers; of a table its rows and
each column of numbers) or `refused` (why no tensor of a network can be in it).
"""

import csv
import glob
import hashlib
import io
import json
import os
import sys

import h5py
import numpy as np
import onnx
from onnx import numpy_helper


def fnv(array):
    total = 0x811C9DC5
    for byte in np.ascontiguousarray(array, dtype="<f8").tobytes():
        total = ((total ^ byte) * 0x01000193) & 0xFFFFFFFF
    return f"{total:x}"


def is_plain(dtype):
    return dtype.kind in "iub" or (dtype.kind == "f" and dtype.itemsize <= 8)


def told(path, array):
    if not is_plain(array.dtype):
        return f"{path} unreadable"
    return f"{path} [{','.join(map(str, array.shape))}] {fnv(array)}"


def whole(lines):
    text = "\n".join(sorted(lines))
    return {"holds": len(lines), "lines": hashlib.sha256(text.encode()).hexdigest()}


def npy(file):
    try:
        array = np.load(file)
    except ValueError:
        return {"refused": "object"}
    return whole([told("", array)]) if is_plain(array.dtype) else {"refused": "plain numbers"}


def npz(file):
    lines = []
    with np.load(file) as archive:
        for name in archive.files:
            try:
                lines.append(told(f".{name}", archive[name]))
            except ValueError:
                lines.append(f".{name} unreadable")
    return whole(lines)


def hdf5(file):
    lines = []

    def visit(name, item):
        if not isinstance(item, h5py.Dataset):
            return
        path = f".{name}"
        if item.shape is None or not is_plain(item.dtype) or h5py.check_enum_dtype(item.dtype):
            lines.append(f"{path} unreadable")
            return
        try:
            lines.append(told(path, item[()] if item.shape else np.array(item[()])))
        except OSError:
            lines.append(f"{path} unreadable")

    with h5py.File(file, "r") as opened:
        opened.visititems(visit)
    return whole(lines)


RECURRENT = {"RNN", "LSTM", "GRU"}


def graphs(graph):
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in [attribute.g] if attribute.HasField("g") else list(attribute.graphs):
                yield from graphs(inner)


def onnx_model(file):
    model = onnx.load(file, load_external_data=False)
    known = {}
    nodes = []
    for graph in graphs(model.graph):
        known.update({tensor.name: tensor for tensor in graph.initializer})
        for node in graph.node:
            if node.op_type == "Constant":
                known.update({node.output[0]: one.t for one in node.attribute if one.name == "value"})
            if node.op_type in RECURRENT and node.domain in ("", "ai.onnx"):
                nodes.append(node)
    if not nodes:
        return {"refused": "no recurrent node"}
    weights = []
    for node in nodes:
        for name in node.input[1:4]:
            if name == "":
                continue
            if name not in known:
                return {"refused": "computed by the graph"}
            array = numpy_helper.to_array(known[name])
            weights.append(f"[{','.join(map(str, array.shape))}] {fnv(array)}")
    return {"weights": sorted(weights)}


def number(text):
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) and "_" not in text else None


def table(file):
    with open(file, encoding="utf-8-sig") as opened:
        text = opened.read()
    first = text.lstrip("\n").split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    if delimiter in first or len(first.split()) == 1:
        rows = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row != []]
    else:
        # As numpy.loadtxt does.
        rows = [line.split() for line in text.splitlines() if line.strip() != ""]
    while len(rows) > 1 and rows[0][0].startswith("#"):
        rows = rows[1:]
    head, body = rows[0], rows[1:]
    if all(number(cell) is not None for cell in head):
        head, body = [str(i + 1) for i in range(len(head))], rows
    lines = [f"rows {len(body)}"]
    for at, name in enumerate(head):
        values = [number(row[at]) if at < len(row) else None for row in body]
        if all(value is not None for value in values):
            lines.append(f"{name} {fnv(np.array(values))}")
    return whole(lines)


READERS = {
    "npy": npy,
    "npz": npz,
    "h5": hdf5,
    "hdf5": hdf5,
    "onnx": onnx_model,
    "csv": table,
    "tsv": table,
}


def main(folder):
    expected = {}
    for file in sorted(glob.glob(os.path.join(folder, "**", "*"), recursive=True)):
        extension = file.rsplit(".", 1)[-1]
        if extension not in READERS or not os.path.isfile(file) or os.path.islink(file):
            continue
        with open(file, "rb") as opened:
            sha = hashlib.sha256(opened.read()).hexdigest()
        try:
            found = READERS[extension](file)
        except Exception as error:
            found = {"error": f"{type(error).__name__}: {str(error)[:80]}"}
        expected[os.path.relpath(file, folder)] = {"sha256": sha, **found}
    json.dump(expected, sys.stdout, indent=2, ensure_ascii=False)


main(sys.argv[1])
