"""From a folder of pictures to a trained network
==============================================

The folder has one folder of pictures for each class, such as `pets/cat/tom.jpg` and `pets/dog/rex.png`. A quarter of
the pictures is put aside to measure the network on. In training each picture is flipped and moved at random, so that
the network hardly ever sees the same one twice.

Without a folder the digits that come with fastconv are written into one first. (They are not flipped: a digit in a
mirror is none.)

Run it:  pip install 'fastconv[data]'; python examples/image_folder.py [FOLDER]
"""

import sys
import tempfile
from pathlib import Path

import numpy as np

import fastconv as fc
from fastconv import data, nn, optim

SIZE = 32


def write_digits(folder: Path, count: int) -> None:
    """Write some of the digits as PNG files, one folder for each of the ten classes."""
    from PIL import Image

    (images, labels), _ = data.digits(size=SIZE)
    for i, (image, label) in enumerate(zip(images[:count], labels[:count], strict=True)):
        path = folder / str(label) / f"{i:04}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray((255 * image[0]).astype("uint8")).save(path)


def network(channels: int, classes: int, seed: int) -> nn.Sequential:
    """Three convolutions, each with half the pixels of the one before; then the mean of each map."""
    rng = np.random.default_rng(seed)
    layers: list[nn.Module] = []
    for maps in (16, 32, 64):
        layers += [nn.Conv2d(channels, maps, 3, padding=1, bias=False, rng=rng), nn.BatchNorm2d(maps), nn.ReLU()]
        layers.append(nn.MaxPool2d(2))
        channels = maps
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes, rng=rng))


def train(folder: str | Path, grayscale: bool = False, flip: bool = True, epochs: int = 10) -> float:
    """Train on the pictures of a folder, and return the accuracy on those put aside."""
    pictures = data.image_folder(folder, size=SIZE, grayscale=grayscale)
    print(f"{len(pictures.X)} pictures of {', '.join(pictures.classes)}")
    for_split, for_weights, for_batches = range(3)  # one seed for each
    train, test = data.train_test_split(pictures, rng=for_split)

    channels = (0, 2, 3)
    normalize = data.Normalize(train.X.mean(axis=channels) / 255, train.X.std(axis=channels) / 255)
    changes = [data.RandomCrop(SIZE, padding=2), *([data.RandomHorizontalFlip()] if flip else []), normalize]
    batches = data.DataLoader(
        *train, batch_size=32, shuffle=True, rng=for_batches, transform=data.Compose(changes), prefetch=1
    )
    test_batches = data.DataLoader(*test, batch_size=256, transform=normalize)

    model = network(train.X.shape[1], len(pictures.classes), for_weights)
    optimizer = optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.01)
    schedule = optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.01, epochs=epochs, steps_per_epoch=len(batches), cycle_momentum=False
    )
    trainer = fc.Trainer(model, nn.CrossEntropyLoss(), optimizer)
    trainer.fit(batches, validation=test_batches, epochs=epochs, scheduler=schedule)
    return trainer.evaluate(test_batches)["accuracy"]


def main(count: int = 1437, epochs: int = 10) -> float:
    """Train on the digits, written into a folder."""
    with tempfile.TemporaryDirectory() as folder:
        write_digits(Path(folder), count)
        return train(folder, grayscale=True, flip=False, epochs=epochs)


if __name__ == "__main__":
    accuracy = train(sys.argv[1]) if len(sys.argv) > 1 else main()
    print(f"accuracy on pictures put aside: {100 * accuracy:.1f} %")
