"""Calls show_gradients as a notebook does, where no torch is: what it asks of torch stands here.
Usage: stand_in.py CASES, a file with a list of calls; prints what each displays, as a list.
A call: {"mode", "batch_first", "weights": name -> tensor, "x", "options"}; a tensor: {"dtype", "values"}."""
import json
import pathlib
import sys
import types

import numpy

displayed = []
ipython = types.ModuleType("IPython")
ipython.display = types.ModuleType("IPython.display")
ipython.display.display = lambda data, raw=False: displayed.append(data if raw else {})
sys.modules |= {"IPython": ipython, "IPython.display": ipython.display}


def pad_packed_sequence(batch, batch_first):
    arrays = [sequence.array for sequence in batch.sequences]
    lengths = [len(array) for array in arrays]
    block = numpy.zeros((len(arrays), max(lengths), *arrays[0].shape[1:]), arrays[0].dtype)
    for row, array in zip(block, arrays):
        row[: len(array)] = array
    assert batch_first
    return Tensor(str(block.dtype), block), Tensor("int64", lengths)


torch = types.ModuleType("torch")
torch.nn = types.SimpleNamespace(
    utils=types.SimpleNamespace(rnn=types.SimpleNamespace(pad_packed_sequence=pad_packed_sequence))
)
sys.modules["torch"] = torch


class Tensor:
    """As torch's: no sequence of numbers for numpy, and its dtype has torch's name."""

    def __init__(self, dtype, values):
        self.array = numpy.asarray(values, dtype)
        self.dtype, self.shape = "torch." + dtype, self.array.shape

    def tolist(self):
        return self.array.tolist()

    def unsqueeze(self, axis):
        return Tensor(str(self.array.dtype), numpy.expand_dims(self.array, axis))

    def transpose(self, one, other):
        return Tensor(str(self.array.dtype), self.array.swapaxes(one, other))


class Module:
    def __init__(self, tensors):
        self.tensors = tensors

    def state_dict(self):
        return self.tensors


def made(value):
    """Tensors, modules and packed sequences of a call; everything else stays."""
    if isinstance(value, list):
        return [made(item) for item in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"dtype", "values"}:
        return Tensor(**value)
    inner = {key: made(item) for key, item in value.items()}
    if set(value) == {"tuple"}:
        return tuple(inner["tuple"])
    if set(value) == {"module"}:
        return Module(inner["module"])
    if set(value) == {"packed"}:
        return types.SimpleNamespace(batch_sizes=[], sequences=inner["packed"])
    return inner


source = pathlib.Path(__file__).parents[3] / "media" / "notebook" / "show_gradients.py"
exec(compile(source.read_text(encoding="utf-8"), str(source), "exec"))
for call in json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")):
    facts = {"mode": call["mode"], "batch_first": call["batch_first"]}
    rnn = types.SimpleNamespace(_flat_weights_names=list(call["weights"]), **made(call["weights"]), **facts)
    show_gradients(rnn, made(call["x"]), **made(call["options"]))
print(json.dumps(displayed))
