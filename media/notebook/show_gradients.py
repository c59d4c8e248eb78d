def show_gradients(rnn, x, upstream="last", loss=None, state=None, name="gradients", write=False):
    """Draws whether the gradient of an nn.RNN, nn.LSTM or nn.GRU survives its way back through the steps of x.
    upstream: "last", "final", "every", a step, or the gradient of the output; in its place loss=dict(kind="mse",
    "crossEntropy" or "binaryCrossEntropy", readout=nn.Linear, targets=tensor, at="last" or "every").
    state: h, or of an LSTM (h, c). write: files beside the notebook, as all beyond a megabyte gets."""
    import base64, json, numpy, pathlib, IPython.display
    header, data, file, axes = {}, bytearray(), name + ".safetensors", len(getattr(x, "shape", ""))
    steps_first = axes == 3 and not rnn.batch_first

    def keep(key, value):  # Tensors go into the file, and their names into the config.
        value = __import__("torch").nn.utils.rnn.unpack_sequence(value) if hasattr(value, "batch_sizes") else value
        if axes == 2 and key in ("state.h", "state.c", "loss.targets"):  # A single sequence becomes a batch of one.
            value = value.unsqueeze(0 if key == "loss.targets" else 1)
        elif steps_first and key == "loss.targets" and loss.get("at") == "every":
            value = value.transpose(0, 1)
        if hasattr(value, "state_dict"):
            return keep(key, value.state_dict()) and {"file": file, "name": key}
        if isinstance(value, dict):
            return {part: keep(f"{key}.{part}", inner) for part, inner in value.items()}
        if not hasattr(value, "tolist"):  # Sequences of different lengths, or no numbers.
            return [sequence.tolist() for sequence in value] if isinstance(value, list) else value
        bits, start = "64" if "64" in str(value.dtype) else "32", len(data)
        data.extend(numpy.asarray(value.tolist(), "float" + bits).tobytes())
        header[key] = {"dtype": "F" + bits, "shape": list(value.shape), "data_offsets": [start, len(data)]}
        return {"file": file, "name": key}
    config = {"name": name, "cell": rnn.mode.lower().replace("rnn_", ""), "weights": keep("rnn", rnn),
              "sequences": keep("sequences", x), "sequenceOrder": "TBI" if steps_first else "BTI",
              "dtype": "float" + header["rnn.weight_hh_l0"]["dtype"][1:],
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
    IPython.display.display({"application/vnd.rnn-gradients+json": output, "text/plain": words}, raw=True)
