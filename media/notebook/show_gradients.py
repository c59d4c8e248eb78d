def show_gradients(rnn, x, upstream="last", loss=None, state=None, name="gradients", write=False):
    """Draws whether the gradient of an nn.RNN, nn.LSTM or nn.GRU survives its way back through the steps of x.
    upstream: "last", "final", "every", a step, or the gradient of the output; in its place loss=dict(kind="mse",
    "crossEntropy" or "binaryCrossEntropy", readout=nn.Linear, targets=tensor, at="last", "every" or a list of steps).
    state: h, or of an LSTM (h, c). write: files of that name beside the notebook, as all beyond a megabyte gets."""
    import base64, json, numpy, pathlib, re, torch, IPython.display
    assert hasattr(rnn, "_flat_weights_names"), f"Expected nn.RNN, nn.LSTM or nn.GRU (model.lstm?), found {type(rnn)}"
    name, header, data, axes = re.sub(r'[\\/:*?"<>|]', "-", name), {}, bytearray(), len(getattr(x, "shape", ""))
    file, config = name + ".safetensors", {"name": name, "cell": rnn.mode.lower().replace("rnn_", "")}
    def keep(key, value):  # Tensors go into the file, and their names into the config.
        if hasattr(value, "batch_sizes"):  # Packed sequences become a padded block with lengths.
            value, config["lengths"] = torch.nn.utils.rnn.pad_packed_sequence(value, batch_first=True)
        elif axes == 2 and key in ("state.h", "state.c", "loss.targets"):  # A single sequence becomes a batch of one.
            value = value.unsqueeze(0 if key == "loss.targets" else 1)
        elif axes + rnn.batch_first == 0 and key == "loss.targets" and loss.get("at") not in (None, "last", "final"):
            value = value.transpose(0, 1) if hasattr(value, "transpose") else value  # Beside packed sequences.
        if hasattr(value, "state_dict"): return keep(key, value.state_dict()) and {"file": file, "name": key}
        if isinstance(value, dict): return {part: keep(f"{key}.{part}", inner) for part, inner in value.items()}
        if not hasattr(value, "tolist"): return value  # Sequences of different lengths, or no numbers.
        bits, start = "64" if "64" in str(value.dtype) else "32", len(data)
        data.extend(numpy.asarray(value.tolist(), "float" + bits).tobytes())
        header[key] = {"dtype": "F" + bits, "shape": list(value.shape), "data_offsets": [start, len(data)]}
        return {"file": file, "name": key}
    keep("rnn", {part: getattr(rnn, part) for part in rnn._flat_weights_names})
    config |= {"weights": {"file": file, "name": "rnn"}, "dtype": "float" + header["rnn.weight_hh_l0"]["dtype"][1:],
               "sequences": keep("sequences", x), "sequenceOrder": "BTI" if rnn.batch_first or axes != 3 else "TBI",
               **({"loss": keep("loss", loss)} if loss else {"upstreamGradient": keep("upstream", upstream)})}
    if state is not None:
        config["initialState"] = keep("state", dict(zip("hc", [state] if hasattr(state, "shape") else state)))
    text, head = json.dumps(config, indent=2, default=lambda tensor: tensor.tolist()), json.dumps(header).encode()
    tensors = len(head).to_bytes(8, "little") + head + data
    output = {"version": 1, "config": json.loads(text), "tensors": base64.b64encode(tensors).decode()}
    if write or len(text) + len(tensors) > 1_000_000:
        output, mark = {"version": 1, "file": name + ".rnn.json"}, "// By show_gradients, which may replace it."
        for old, start in (pathlib.Path(output["file"]), mark.encode()), (pathlib.Path(file), tensors[8:29]):
            if old.is_symlink() or old.exists() and start not in old.open("rb").read(99):
                raise FileExistsError(f"{old} is not by show_gradients, so it stays: pass another name=, or move it.")
        pathlib.Path(file).write_bytes(tensors) and pathlib.Path(output["file"]).write_text(f"{mark}\n{text}")
    words = "VS Code draws this with the extension RNN Gradients."
    IPython.display.display({"application/vnd.rnn-gradients+json": output, "text/plain": words}, raw=True)
