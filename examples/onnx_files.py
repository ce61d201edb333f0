"""A network to other programs and back: ONNX and safetensors
==========================================================

A LeNet-5 learns the digits. As an ONNX file it runs in any program that reads the format, here in
onnxruntime, if that is installed. Read back, the file is a network of layers again, whose training can
go on: here it learns the digits turned upside down, which it has never seen. Its weights alone go into
a file of safetensors, which PyTorch reads with `safetensors.torch.load_file`. It needs onnx and
safetensors: pip install 'fastconv[onnx,io]'.

Run it:  python examples/onnx_files.py
"""

import importlib.util
import os
import tempfile

import numpy as np

import fastconv as fc
from fastconv import nn, optim


def learn(model: nn.Module, images: np.ndarray, labels: np.ndarray, epochs: int) -> None:
    """Train with Adam."""
    trainer = fc.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.002))
    trainer.fit((images, labels), epochs=epochs, rng=0)


def accuracy(logits: np.ndarray, labels: np.ndarray) -> float:
    """The share of images whose largest logit is that of their class."""
    return float((logits.argmax(axis=1) == labels).mean())


def upside_down(images: np.ndarray) -> np.ndarray:
    """Images turned by half a circle."""
    return np.ascontiguousarray(images[:, :, ::-1, ::-1])


def main(epochs: int = 4) -> dict[str, float]:
    """Go there and back; the accuracies on the test images."""
    (x_train, y_train), (x_test, y_test) = fc.data.digits(size=32)
    folder = tempfile.mkdtemp()
    path = os.path.join(folder, "lenet.onnx")
    results = {}

    model = fc.models.lenet5(rng=0)
    learn(model, x_train, y_train, epochs)
    results["trained"] = accuracy(model.eval()(x_test), y_test)

    fc.onnx.export(model, path, (1, 1, 32, 32))
    print(f"{path}: {os.path.getsize(path):,} bytes")
    if importlib.util.find_spec("onnxruntime") is not None:
        import onnxruntime

        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        (logits,) = session.run(None, {"input": x_test})
        results["in onnxruntime"] = accuracy(logits, y_test)

    again = fc.onnx.load(path)
    print(again)
    results["read back"] = accuracy(again(x_test), y_test)
    results["upside down, before"] = accuracy(again(upside_down(x_test)), y_test)
    learn(again.train(), upside_down(x_train), y_train, epochs)
    results["upside down, after"] = accuracy(again.eval()(upside_down(x_test)), y_test)

    fc.save_weights(os.path.join(folder, "lenet.safetensors"), again)
    third = fc.onnx.load(path)
    fc.load_weights(os.path.join(folder, "lenet.safetensors"), third)
    results["weights from safetensors"] = accuracy(third(upside_down(x_test)), y_test)
    for name, value in results.items():
        print(f"{name:26} {100 * value:.1f} %")
    return results


if __name__ == "__main__":
    main()
