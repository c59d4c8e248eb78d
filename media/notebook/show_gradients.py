def show_gradients(rnn, x, upstream="last", loss=None, state=None, name="gradients", write=False):
    """Draws whether the gradient of an nn.RNN, nn.LSTM or nn.GRU survives its way back through the steps of x.
    upstream: "last", "final", "every", a step, or the gradient of the output; in its place loss=dict(kind="mse",
    "crossEntropy" or "binaryCrossEntropy", readout=nn.Linear, targets=tensor, at="last" or "every").
    state: h, or of an LSTM (h, c). write: files beside the notebook, as all beyond a megabyte gets."""
    import base64, json, numpy, pathlib
    from IPython.display import display
    header, data, file = {}, bytearray(), name + ".safetensors"

    def keep(key, value):  # Tensors go into the file, and their names into the config.
        if hasattr(value, "state_dict"):
            keep(key, value.state_dict())
        elif isinstance(value, dict):
            return {part: keep(f"{key}.{part}", inner) for part, inner in value.items()}
        elif not hasattr(value, "tolist"):  # Sequences of different lengths, or no numbers.
            return [sequence.tolist() for sequence in value] if isinstance(value, list) else value
        else:
            bits, start = "64" if "64" in str(value.dtype) else "32", len(data)
            data.extend(numpy.asarray(value.tolist(), "float" + bits).tobytes())
            header[key] = {"dtype": "F" + bits, "shape": list(value.shape), "data_offsets": [start, len(data)]}
        return {"file": file, "name": key}

    if hasattr(x, "batch_sizes"):  # A PackedSequence.
        x = __import__("torch").nn.utils.rnn.unpack_sequence(x)
    config = {"name": name, "cell": {"RNN_TANH": "tanh", "RNN_RELU": "relu"}.get(rnn.mode, rnn.mode.lower()),
              "weights": keep("rnn", rnn), "sequences": keep("sequences", x),
              "sequenceOrder": "TBI" if not rnn.batch_first and len(getattr(x, "shape", "")) == 3 else "BTI",
              "dtype": "float64" if header["rnn.weight_hh_l0"]["dtype"] == "F64" else "float32",
              **({"loss": keep("loss", loss)} if loss else {"upstreamGradient": keep("upstream", upstream)})}
    if state is not None:
        config["initialState"] = keep("state", dict(zip("hc", state if isinstance(state, tuple) else [state])))
    text, head = json.dumps(config, indent=2), json.dumps(header).encode()
    tensors = len(head).to_bytes(8, "little") + head + data
    output = {"version": 1, "config": config, "tensors": base64.b64encode(tensors).decode()}
    if write or len(text) + len(tensors) > 1_000_000:
        output = {"version": 1, "file": name + ".rnn.json"}
        pathlib.Path(file).write_bytes(tensors)
        pathlib.Path(output["file"]).write_text(text)
    words = "VS Code draws this with the extension RNN Gradients."
    display({"application/vnd.rnn-gradients+json": output, "text/plain": words}, raw=True)
