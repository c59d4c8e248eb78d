"""Calls show_gradients with torch's own nn.RNN, nn.LSTM and nn.GRU, and tells what torch's autograd finds of the same.

    python3 test/notebook/torch_cases.py FOLDER

FOLDER gets cases.json and the files that the function writes. A case: its name and dtype, what was displayed, and
`expected`: names and shapes of the result's JSON. Those that the unit tests keep have the call, too, in the form of
test/support/python/stand_in.py.
"""

import itertools
import json
import os
import pathlib
import random
import sys
import types

import torch
from torch import nn

displayed = []
ipython = types.ModuleType("IPython")
ipython.display = types.ModuleType("IPython.display")
ipython.display.display = lambda data, raw=False: displayed.append(data if raw else {})
sys.modules |= {"IPython": ipython, "IPython.display": ipython.display}
source = pathlib.Path(__file__).parents[2] / "media" / "notebook" / "show_gradients.py"
exec(compile(source.read_text(encoding="utf-8"), str(source), "exec"))

INPUTS, UNITS, OUTPUTS = 3, 4, 2
kinds = {
    "tanh": lambda *sizes, **more: nn.RNN(*sizes, nonlinearity="tanh", **more),
    "relu": lambda *sizes, **more: nn.RNN(*sizes, nonlinearity="relu", **more),
    "lstm": nn.LSTM,
    "gru": nn.GRU,
}
forms = ["batched", "unbatched", "packed"]
asks = ["last", "final", "every", "step", "gradient", "mse", "mseEvery", "mseSteps", "crossEntropy",
        "binaryCrossEntropy"]


def call_of(value):
    """A value of a call as the stand-in for torch takes it."""
    if isinstance(value, nn.utils.rnn.PackedSequence):
        return {"packed": [call_of(one) for one in nn.utils.rnn.unpack_sequence(value)]}
    if isinstance(value, nn.Module):
        return {"module": {name: call_of(one) for name, one in value.state_dict().items()}}
    if isinstance(value, torch.Tensor):
        return {"dtype": str(value.dtype).removeprefix("torch."), "values": value.tolist()}
    if isinstance(value, dict):
        return {name: call_of(one) for name, one in value.items()}
    if isinstance(value, tuple):
        return {"tuple": [call_of(one) for one in value]}
    return [call_of(one) for one in value] if isinstance(value, list) else value


class Case:
    """One layer or stack with its inputs, one way in which it is asked, and what autograd makes of it."""

    def __init__(self, name, kind, form, ask, dtype, with_state, lengths=(6, 6, 6), orthogonal=False, **options):
        self.name, self.form, self.ask, self.dtype = name, form, ask, dtype
        self.rnn = kinds[kind](INPUTS, UNITS, **options).to(dtype)
        if orthogonal:
            nn.utils.parametrizations.orthogonal(self.rnn, "weight_hh_l0")
        self.lengths = {"batched": [max(lengths)] * len(lengths), "unbatched": [max(lengths)], "packed": lengths}[form]
        # Each sequence a leaf of its own, [steps, I]: its gradient is what autograd says, however they are packed.
        self.xs = [self.random(steps, INPUTS).requires_grad_() for steps in self.lengths]
        ways = self.rnn.num_layers * (2 if self.rnn.bidirectional else 1)
        names = "hc" if kind == "lstm" else "h"
        self.state = [self.random(ways, len(self.lengths), UNITS).requires_grad_() for _ in names]
        self.with_state = with_state
        if not with_state:
            for part in self.state:
                part.data.zero_()

    def random(self, *shape):
        return torch.randn(*shape, dtype=self.dtype)

    def together(self, parts):
        """Sequences of any width as torch takes them in this form."""
        if self.form == "unbatched":
            return parts[0]
        if self.form == "packed":
            return nn.utils.rnn.pack_sequence(parts, enforce_sorted=False)
        return torch.stack(parts, 0 if self.rnn.batch_first else 1)

    def given_state(self):
        parts = [part[:, 0] if self.form == "unbatched" else part for part in self.state]
        return tuple(parts) if len(parts) > 1 else parts[0]

    def outputs(self):
        """The output of each sequence [steps, D·H]."""
        out, _ = self.rnn(self.together(self.xs), self.given_state())
        if self.form == "unbatched":
            return [out]
        if self.form == "packed":
            return nn.utils.rnn.unpack_sequence(out)
        return list(out if self.rnn.batch_first else out.transpose(0, 1))

    def scalar(self, outputs, options):
        """What is differentiated, and what show_gradients is told of it."""
        ask, lasts = self.ask, torch.stack([out[-1] for out in outputs])
        if ask == "last":
            return lasts.sum(), {"upstream": "last"}
        if ask == "final":
            halves = [torch.cat([out[-1, :UNITS], out[0, UNITS:]]) for out in outputs]
            return torch.stack(halves).sum(), {"upstream": "final"}
        if ask == "every":
            return sum(out.sum() for out in outputs), {"upstream": "every"}
        if ask == "step":
            return sum(out[2].sum() for out in outputs), {"upstream": 2}
        if ask == "gradient":
            gradients = [self.random(*out.shape) for out in outputs]
            total = sum((out * gradient).sum() for out, gradient in zip(outputs, gradients))
            return total, {"upstream": self.together(gradients)}
        readout = nn.Linear(outputs[0].shape[-1], OUTPUTS, bias=options).to(self.dtype)
        self.readout = readout
        if ask == "mseEvery":
            targets = [self.random(len(out), OUTPUTS) for out in outputs]
            loss = nn.functional.mse_loss(readout(torch.cat(outputs)), torch.cat(targets))
            # Beside packed sequences as a padded block.
            told = nn.utils.rnn.pad_sequence(targets, batch_first=self.rnn.batch_first, padding_value=7)
            told = targets[0] if self.form == "unbatched" else told
            return loss, {"loss": {"kind": "mse", "readout": readout, "targets": told, "at": "every"}}
        if ask == "mseSteps":
            steps = [0, 1]
            targets = [self.random(len(steps), OUTPUTS) for _ in outputs]
            at = torch.stack([out[steps] for out in outputs])
            loss = nn.functional.mse_loss(readout(at), torch.stack(targets))
            told = targets if self.form == "packed" else self.together(targets)
            head = nn.Sequential(nn.Dropout(), readout)
            return loss, {"loss": {"kind": "mse", "readout": head, "targets": told, "at": steps}}
        predicted, count = readout(lasts), len(outputs)
        if ask == "crossEntropy":
            targets = torch.randint(OUTPUTS, (count,))
            loss = nn.functional.cross_entropy(predicted, targets)
        elif ask == "binaryCrossEntropy":
            targets = torch.randint(2, (count, OUTPUTS)).to(self.dtype)
            loss = nn.functional.binary_cross_entropy_with_logits(predicted, targets)
        else:
            targets = self.random(count, OUTPUTS)
            loss = nn.functional.mse_loss(predicted, targets)
        told = targets[0] if self.form == "unbatched" else targets
        return loss, {"loss": {"kind": ask, "readout": readout, "targets": told, "at": "last"}}

    def padded(self, parts):
        return nn.utils.rnn.pad_sequence(parts, batch_first=True).tolist()

    def call(self, x, options):
        return {
            "mode": self.rnn.mode,
            "batch_first": self.rnn.batch_first,
            "weights": {name: call_of(one) for name, one in self.weights().items()},
            "x": call_of(x),
            "options": call_of(options),
        }

    def weights(self):
        return {name: getattr(self.rnn, name) for name in self.rnn._flat_weights_names}

    def run(self, options=None, readout_bias=True, keep=False):
        # What is parametrised is computed once, and so has a gradient.
        with nn.utils.parametrize.cached():
            return self.ran(options, readout_bias, keep)

    def ran(self, options, readout_bias, keep):
        for one in self.weights().values():
            one.retain_grad()
        outputs = self.outputs()
        total, arguments = self.scalar(outputs, readout_bias)
        total.backward()
        options = {**arguments, **(options or {}), "name": self.name}
        if self.with_state:
            options["state"] = self.given_state()
        x = self.together(self.xs)
        displayed.clear()
        show_gradients(self.rnn, x, **options)
        gradients = {name: one.grad.tolist() for name, one in self.weights().items()}
        loss = arguments.get("loss")
        return {
            "name": self.name,
            "dtype": str(self.dtype).removeprefix("torch."),
            "call": self.call(x, options) if keep else None,
            "output": displayed[0],
            "expected": {
                "hs": self.padded(outputs),
                "dxs": self.padded([x.grad for x in self.xs]),
                **{f"d{name}0": part.grad.tolist() for name, part in zip("hc", self.state)},
                "parameters": gradients,
                "loss": loss and {
                    "value": total.item(),
                    "readout": {name: one.grad.tolist() for name, one in self.readout.named_parameters()},
                },
            },
        }


def cases():
    """Every layer in every form; how it is asked is dealt out among them."""
    chosen = random.Random(1)
    for kind, layers, both, first, dtype, bias, form in itertools.product(
        kinds, [1, 2, 3], [False, True], [False, True], [torch.float32, torch.float64], [True, False], forms
    ):
        ask, with_state, readout_bias = chosen.choice(asks), chosen.random() < 0.5, chosen.random() < 0.7
        words = [kind, layers, "both" if both else "forward", "batchFirst" if first else "timeFirst",
                 str(dtype).removeprefix("torch."), "bias" if bias else "noBias", form, ask]
        name = "-".join(map(str, words)) + ("-state" if with_state else "")
        case = Case(name, kind, form, ask, dtype, with_state, (3, 6, 4) if form == "packed" else (6, 6, 6),
                    num_layers=layers, bidirectional=both, batch_first=first, bias=bias)
        yield case.run(readout_bias=readout_bias)
    # As many steps as sequences: the shape does not tell which axis is which.
    for ask, first in itertools.product(["gradient", "mseEvery", "step"], [False, True]):
        name = f"square-{ask}-{'batchFirst' if first else 'timeFirst'}"
        yield Case(name, "gru", "batched", ask, torch.float64, True, (4, 4, 4, 4), batch_first=first).run()
    # Into files: because it is asked for, and because it is large.
    yield Case("written", "lstm", "packed", "mseEvery", torch.float64, True, (3, 6, 4), num_layers=2,
               bidirectional=True).run({"write": True})
    yield Case("large", "gru", "batched", "last", torch.float32, False, [1500] * 60, batch_first=True).run()


def kept():
    """What the unit tests read: each cell, form and dtype, each way to ask, in as few calls as hold them all."""
    one, two = {"num_layers": 1}, {"num_layers": 2, "bidirectional": True}
    square = {"lengths": (3, 3, 3)}
    for kind, form, ask, dtype, with_state, options in [
        ("tanh", "unbatched", "last", torch.float32, False, {**one, "bias": False}),
        ("relu", "packed", "every", torch.float64, True, {"num_layers": 2}),
        ("lstm", "batched", "gradient", torch.float32, True, two),
        ("lstm", "packed", "gradient", torch.float64, False, one),
        ("lstm", "unbatched", "crossEntropy", torch.float64, True, one),
        ("gru", "packed", "final", torch.float32, True, {**two, "batch_first": True}),
        ("gru", "batched", "mseEvery", torch.float64, False, {"num_layers": 3, "bias": False}),
        ("gru", "batched", "binaryCrossEntropy", torch.float32, False, {**one, "batch_first": True}),
        ("tanh", "batched", "step", torch.float64, False, {"num_layers": 2, "batch_first": True}),
        ("gru", "packed", "mseEvery", torch.float64, False, one),
        ("lstm", "packed", "mseSteps", torch.float32, False, one),
        ("tanh", "batched", "mseSteps", torch.float64, False, {**one, "orthogonal": True}),
        ("lstm", "batched", "mseEvery", torch.float64, True, {**one, **square}),
    ]:
        case = Case(f"{kind}-{form}-{ask}", kind, form, ask, dtype, with_state, **{"lengths": (2, 4, 3), **options})
        yield case.run(readout_bias=dtype == torch.float32, keep=True)


def projected():
    """What is displayed of an LSTM with projections, which nobody reads."""
    displayed.clear()
    show_gradients(nn.LSTM(INPUTS, UNITS, proj_size=2), torch.randn(5, 1, INPUTS), name="projected")
    return displayed[0]


if __name__ == "__main__":
    torch.manual_seed(1)
    os.chdir(sys.argv[1])
    told = {"torch": torch.__version__, "cases": [*kept(), *cases()], "projected": projected()}
    pathlib.Path("cases.json").write_text(json.dumps(told))
