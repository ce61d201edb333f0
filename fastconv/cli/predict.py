"""``fastconv predict``"""

import argparse

from .arguments import add_threads, one_line, set_threads


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("model", metavar="MODEL", help="model.npz of a run of fastconv train")
    parser.add_argument(
        "images",
        nargs="+",
        metavar="IMAGE",
        help=".npy or .pgm file with one grey image, bright on dark like the training images; "
        "resized if it has another size",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per image")
    add_threads(parser)


def run(args: argparse.Namespace) -> int:
    """Print for each image the class that the network sees, and how sure it is."""
    import json

    import numpy as np

    from .. import data
    from . import network

    set_threads(args)
    model, meta = network.load(args.model)
    for path in args.images:
        image = data.read_image(path)
        if len(image) != 1:
            raise ValueError(f"{path}: the network takes grey images, this one has {len(image)} channels")
        (logits,) = model(network.fit_size(image[None], meta["input_size"]))
        powers = np.exp((logits - logits.max()).astype(np.float64))
        probabilities = powers / powers.sum()
        best = int(logits.argmax())
        if args.json:
            shares = [round(p, 6) for p in probabilities.tolist()]
            print(json.dumps({"image": path, "class": best, "probabilities": shares}))
        else:
            print(f"{one_line(path)}: {best} ({100 * probabilities[best]:.2f} %)")
    return 0
