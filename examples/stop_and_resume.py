"""Stop training whenever you like, and go on later
================================================

Press Ctrl-C while this trains, and run it again: it goes on in the middle of the epoch, and ends with
the same bits as if it had never been stopped. It would as well if the power had failed: the folder
`digits-run` always has a whole checkpoint, at most 20 steps old.

Run it:  python examples/stop_and_resume.py
"""

import os

import fastconv as fc
from fastconv import nn, optim
from fastconv.train import Checkpoint, CSVLogger, EarlyStopping


def main(folder: str = "digits-run", epochs: int = 20) -> fc.History:
    """Train, or go on training, and return the losses and accuracies of all epochs."""
    (images, labels), test = fc.data.digits(size=32)
    shifts = fc.data.transforms.RandomShift(2)
    train = fc.data.DataLoader(images, labels, batch_size=32, shuffle=True, rng=0, transform=shifts)

    model = fc.models.lenet5(rng=0)
    optimizer = optim.Adam(model.parameters(), lr=0.002)
    checkpoint = os.path.join(folder, "checkpoint.npz")
    callbacks = [
        EarlyStopping("val_loss", patience=4),
        CSVLogger(os.path.join(folder, "history.csv")),
        Checkpoint(checkpoint, every_steps=20),
    ]
    trainer = fc.Trainer(model, nn.CrossEntropyLoss(), optimizer, callbacks)
    resume = checkpoint if os.path.exists(checkpoint) else None
    history = trainer.fit(train, validation=test, epochs=epochs, resume=resume)
    print(f"test accuracy {100 * trainer.evaluate(test)['accuracy']:.2f} % after the best of {history.epochs} epochs")
    return history


if __name__ == "__main__":
    main()
