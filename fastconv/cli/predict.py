"""``fastconv predict``"""

import argparse

from .arguments import add_output, add_threads, one_line, set_threads

EXAMPLES = """
fastconv predict fastconv-run/model.npz digit.pgm
fastconv predict runs/a/best.npz photos/*.jpg --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("model", metavar="MODEL", help="model.npz or best.npz of a run of fastconv train")
    parser.add_argument(
        "images",
        nargs="+",
        metavar="IMAGE",
        help="file with one image like those of the training (the digits are bright on dark): .npy, .pgm, or what "
        "Pillow reads; resized if it has another size",
    )
    add_output(parser, "print the classes alone, one a line")
    add_threads(parser)


def run(args: argparse.Namespace) -> int:
    """Print for each image the class that the network sees, and how sure it is."""
    import json

    import numpy as np

    from . import image, network

    set_threads(args.threads)
    model, meta = network.load(args.model)
    names = meta.get("class_names") or list(range(meta["num_classes"]))
    for path in args.images:
        try:
            (logits,) = model(network.fit(image.read(path, network.input_shape(meta)), meta))
        except ValueError as error:
            told = str(error)
            raise ValueError(told if told.startswith(path) else f"{path}: {told}") from None
        powers = np.exp((logits - logits.max()).astype(np.float64))
        probabilities = powers / powers.sum()
        best = int(logits.argmax())
        if args.json:
            shares = [round(p, 6) for p in probabilities.tolist()]
            named = {"name": names[best]} if meta.get("class_names") else {}
            print(json.dumps({"image": path, "class": best, **named, "probabilities": shares}))
        elif args.quiet:
            print(one_line(str(names[best])))
        else:
            print(f"{one_line(path)}: {one_line(str(names[best]))} ({100 * probabilities[best]:.2f} %)")
    return 0
