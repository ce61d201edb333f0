"""What the tests of files share."""

import numpy as np

import fastconv as fc


def normals(*shape, dtype=np.float32):
    return np.random.default_rng(shape).standard_normal(shape).astype(dtype)


def in_onnxruntime(path, *inputs, outputs=None):
    """What onnxruntime computes from a file, given by its path or as bytes."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    content = path if isinstance(path, bytes) else str(path)
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    return session.run(outputs, dict(zip(names, inputs, strict=True)))


def assert_close(ours, theirs, within=1e-5):
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape and ours.dtype == theirs.dtype
    np.testing.assert_allclose(ours, theirs, rtol=within, atol=within)


def assert_trains(model, *inputs):
    """Its gradients are those of finite differences, and every parameter gets one."""
    model.train()
    for module in model.modules():
        if isinstance(module, fc.nn.Dropout | fc.nn.BatchNorm1d | fc.nn.BatchNorm2d):
            module.eval()
    output = model(*inputs)
    weights = normals(*output.shape, dtype=output.dtype)
    model.zero_grad()
    grads = model.backward(weights)
    for parameter in model.parameters():
        assert parameter.grad is not None and parameter.grad.shape == parameter.shape
    arrays = [(p.data, p.grad) for p in model.parameters()]
    arrays += list(zip(inputs, grads if isinstance(grads, tuple) else (grads,), strict=True))
    for array, grad in arrays:
        direction = normals(*array.shape, dtype=array.dtype)
        step, before = 1e-6, array.copy()
        ends = []
        for sign in (1, -1):
            array[...] = before + sign * step * direction
            ends.append((model(*inputs) * weights).sum())
        array[...] = before
        slope = (ends[0] - ends[1]) / (2 * step)
        np.testing.assert_allclose((grad * direction).sum(), slope, rtol=1e-4, atol=1e-6)


def in_double(model):
    """Parameters, buffers and all of a loaded model in float64."""
    for module in model.modules():
        for name, value in vars(module).items():
            if isinstance(value, fc.nn.Parameter):
                value.data = value.data.astype(np.float64)
            elif isinstance(value, np.ndarray) and value.dtype == np.float32:
                setattr(module, name, value.astype(np.float64))
    return model
