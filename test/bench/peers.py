"""NumPy and PyTorch as peers of the benchmark: one command a line on standard input, one JSON answer a line.

  about                      what is installed, and which BLAS it runs on
  prepare PEER B T I H       numbers for a run in float32; PEER may be KIND/LAYERS/AT of torch, as LSTM/3/every: torch.nn's
                             own layer with its default weights, the gradient at `every` step or at the `last` alone
  run N                      N runs of the peer prepared last; answers with milliseconds a run
  forget                     drops the numbers and takes the memory that is left as the start
  memory                     MiB at most since then (Linux)

The argument names the peer that this process is for; only what it needs is loaded. Threads come from OMP_NUM_THREADS.
"""
import ctypes
import gc
import json
import os
import re
import sys
import time

try:
    import numpy
except ImportError:
    numpy = None
torch = None
if sys.argv[1] != 'numpy':
    try:
        import torch
        torch.set_num_threads(int(os.environ.get('OMP_NUM_THREADS', '1')))
    except ImportError:
        pass


def blas():
    with open('/proc/self/maps') as maps:
        libraries = sorted(set(map(os.path.realpath, re.findall(r'/\S*(?:blas|mkl|dnnl|blis)\S*', maps.read()))))
    names = []
    for library in libraries:
        try:
            config = ctypes.CDLL(library).openblas_get_config
            config.restype = ctypes.c_char_p
            names.append(config().decode().strip() + ' (' + os.path.basename(os.path.dirname(library)) + ')')
        except (OSError, AttributeError):
            names.append(os.path.basename(library))
    return ', '.join(dict.fromkeys(names))


def numpy_tutorial(B, T, I, H):
    """The layer as the tutorials write it: a loop over steps, weight gradients summed, norms of every step."""
    random = numpy.random.default_rng(1)
    f = numpy.float32
    xs, dhs = random.standard_normal((B, T, I), dtype=f), random.standard_normal((B, T, H), dtype=f)
    Wx, Wh, b = (random.standard_normal((I, H), dtype=f) / I ** 0.5).astype(f), (random.standard_normal((H, H), dtype=f) / H ** 0.5).astype(f), numpy.zeros(H, f)

    def run():
        hs = numpy.empty((B, T, H), f)
        dxs = numpy.empty((B, T, I), f)
        h = numpy.zeros((B, H), f)
        states = []
        for t in range(T):
            states.append(h)
            h = numpy.tanh(h @ Wh + xs[:, t] @ Wx + b)
            hs[:, t] = h
        dWx, dWh, db = numpy.zeros_like(Wx), numpy.zeros_like(Wh), numpy.zeros_like(b)
        dh = numpy.zeros((B, H), f)
        norms = numpy.empty((T, 5))
        for t in reversed(range(T)):
            g = dhs[:, t] + dh
            d = g * (1 - hs[:, t] ** 2)
            ux, uh, ub = xs[:, t].T @ d, states[t].T @ d, d.sum(0)
            dWx += ux
            dWh += uh
            db += ub
            dx = d @ Wx.T
            dh = d @ Wh.T
            dxs[:, t] = dx
            norms[t] = [numpy.linalg.norm(a) for a in (g, dx, ux, uh, ub)]
        return hs, dxs, dWx, dWh, db, dh, norms
    return run


def torch_layer(B, T, I, H):
    """nn.RNN, whole tensors only: no norms of the steps."""
    rnn = torch.nn.RNN(I, H, batch_first=True)
    xs, dhs = torch.randn(B, T, I, requires_grad=True), torch.randn(B, T, H)

    def run():
        rnn.zero_grad()
        xs.grad = None
        rnn(xs)[0].backward(dhs)
    return run


def torch_network(kind, layers, at):
    """nn.RNN, nn.LSTM, nn.GRU as they come: whole tensors only, no norms of the steps."""
    def make(B, T, I, H):
        torch.manual_seed(1)
        rnn = getattr(torch.nn, kind)(I, H, num_layers=int(layers), batch_first=True)
        xs = torch.randn(B, T, I, requires_grad=True)
        dhs = torch.randn(B, T, H) if at == 'every' else torch.zeros(B, T, H)
        if at == 'last':
            dhs[:, -1] = 1

        def run():
            rnn.zero_grad()
            xs.grad = None
            rnn(xs)[0].backward(dhs)
        return run
    return make


def torch_steps(B, T, I, H):
    """RNNCell step by step with retain_grad: the gradient's norm at every step, which nn.RNN does not show."""
    cell = torch.nn.RNNCell(I, H)
    xs, dhs = torch.randn(T, B, I, requires_grad=True), torch.randn(T, B, H)

    def run():
        cell.zero_grad()
        xs.grad = None
        h = torch.zeros(B, H)
        hs = []
        for t in range(T):
            h = cell(xs[t], h)
            h.retain_grad()
            hs.append(h)
        torch.autograd.backward(hs, list(dhs))
        return [torch.linalg.norm(h.grad).item() for h in hs]
    return run


def resident(field):
    try:
        with open('/proc/self/status') as status:
            return int(re.search(field + r':\s*(\d+)', status.read()).group(1)) / 1024
    except (OSError, AttributeError):
        return None


before = None
peers = {'numpy': numpy_tutorial, 'torch': torch_layer, 'torchSteps': torch_steps}
current = None
for line in sys.stdin:
    command, *rest = line.split()
    if command == 'about':
        answer = {'python': sys.version.split()[0], 'numpy': numpy and numpy.__version__, 'blas': blas()}
        if torch:
            answer['torch'] = torch.__version__
    elif command == 'forget':
        current = None
        gc.collect()
        before = resident('VmRSS')
        if before is not None:
            with open('/proc/self/clear_refs', 'w') as peak:
                peak.write('5')
        answer = {'ok': True}
    elif command == 'memory':
        answer = {'mib': None if before is None else max(0, resident('VmHWM') - before)}
    elif command == 'prepare':
        make = torch_network(*rest[0].split('/')) if '/' in rest[0] else peers[rest[0]]
        current = make(*map(int, rest[1:]))
        answer = {'ok': True}
    else:
        count = int(rest[0])
        start = time.perf_counter()
        for _ in range(count):
            current()
        answer = {'ms': (time.perf_counter() - start) * 1000 / count}
    print(json.dumps(answer), flush=True)
