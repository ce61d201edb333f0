"""``fastconv export``"""

import argparse

from .arguments import add_output, one_line, positive_integer

EXAMPLES = """
fastconv export fastconv-run/model.npz digits.onnx
fastconv export runs/a/best.npz a.onnx --opset 17
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("model", metavar="MODEL", help="model.npz or best.npz of a run of fastconv train")
    parser.add_argument("file", metavar="FILE.onnx", help="what to write; an existing file is replaced")
    parser.add_argument("--opset", type=positive_integer, metavar="N", help="version of ONNX's operators (default: 20)")
    add_output(parser, "print nothing")


def run(args: argparse.Namespace) -> int:
    """Write the network into an ONNX file and print its name."""
    from .. import onnx
    from . import network

    model, meta = network.load(args.model)
    shape = network.input_shape(meta)
    options = {} if args.opset is None else {"opset": args.opset}
    onnx.export(model, args.file, shape, **options)
    if args.json:
        import json

        print(json.dumps({"file": args.file, "input_shape": shape}))
    elif not args.quiet:
        print(one_line(args.file))
    return 0
