"""``fastconv export``"""

import argparse

from .arguments import positive_integer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("model", metavar="MODEL", help="model.npz of a run of fastconv train")
    parser.add_argument("file", metavar="FILE.onnx", help="what to write; an existing file is replaced")
    parser.add_argument("--opset", type=positive_integer, metavar="N", help="version of ONNX's operators (default: 20)")


def run(args: argparse.Namespace) -> int:
    """Write the network into an ONNX file and print its name."""
    from .. import onnx
    from . import network

    model, meta = network.load(args.model)
    size = meta["input_size"]
    options = {} if args.opset is None else {"opset": args.opset}
    onnx.export(model, args.file, (1, 1, size, size), **options)
    print(args.file)
    return 0
