"""The bridge to ONNX; the folder is not called `onnx`, which would hide the package of that name from the tests."""
