"""LeNet-5 on handwritten digits, with the Trainer
===============================================

The digits ship with fastconv: 1,437 images to learn from and 360 to be measured on. Here they are
enlarged to the 32 × 32 pixels that LeNet-5 was made for. (`fastconv train` does the same with a few
more tricks, and saves the result.)

Run it:  python examples/lenet_digits.py
"""

import fastconv as fc
from fastconv import nn, optim


def main(epochs: int = 5) -> float:
    """Train, and return the accuracy on the test images."""
    train, test = fc.data.digits(size=32)
    model = fc.models.lenet5(rng=0)
    print(model)

    trainer = fc.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.002))
    trainer.fit(train, validation=test, epochs=epochs, rng=0)

    images, labels = test
    guesses = trainer.predict(images).argmax(axis=1)
    wrong = (guesses != labels).nonzero()[0]
    for i in wrong[:5]:
        print(f"test image {i} shows a {labels[i]}, the network sees a {guesses[i]}")
    accuracy = trainer.evaluate(test)["accuracy"]
    print(f"test accuracy {100 * accuracy:.2f} %")
    return accuracy


if __name__ == "__main__":
    main()
