"""Train a torch model twice: with torch's layers, and with the same layers computed by fastconv
=============================================================================================

    python examples/torch_layers.py

Needs torch: pip install 'fastconv[torch]'. Model, optimizer and loop are torch's; one line swaps the layers.
"""

import copy
import time

import torch

import fastconv as fc


def make_model() -> torch.nn.Sequential:
    """LeNet-5 (LeCun et al., 1998) with rectifiers and maximum pooling."""
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip


def train(model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor, epochs: int, batch_size: int) -> float:
    """The mean loss of the last epoch."""
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    order = torch.Generator().manual_seed(0)
    total = 0.0
    for _ in range(epochs):
        total = 0.0
        for batch in torch.randperm(len(x), generator=order).split(batch_size):
            loss = torch.nn.functional.cross_entropy(model(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
    return total / len(x)


def main(epochs: int = 3, batch_size: int = 32) -> dict[str, tuple[float, float, float]]:
    """Seconds, last training loss and test accuracy, for torch's layers and for fastconv's."""
    (x_train, y_train), (x_test, y_test) = fc.data.digits(size=32)
    x, y = torch.from_numpy(x_train), torch.from_numpy(y_train)
    torch.manual_seed(0)
    model = make_model()
    swapped = copy.deepcopy(model)
    fc.torch.replace_layers(swapped)

    results = {}
    for name, one in (("torch", model), ("fastconv", swapped)):
        start = time.perf_counter()
        loss = train(one, x, y, epochs, batch_size)
        seconds = time.perf_counter() - start
        with torch.no_grad():
            hits = one(torch.from_numpy(x_test)).argmax(dim=1) == torch.from_numpy(y_test)
        results[name] = seconds, loss, hits.double().mean().item()
        print(f"{name:9} {seconds:.1f} s, training loss {loss:.4f}, test accuracy {results[name][2]:.1%}")
    return results


if __name__ == "__main__":
    main()
