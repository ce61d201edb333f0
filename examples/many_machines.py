"""One model, trained by several processes, on one machine or on many
==================================================================

Each process computes the gradients of its part of every batch, MPI adds them up, and all make the same
step. Three lines differ from the loop of a single process (they are numbered), and the script still runs
without MPI.

Run it:  python examples/many_machines.py
     or  mpiexec -n 2 python examples/many_machines.py      (pip install 'fastconv[mpi-local]')
"""

import fastconv as fc
from fastconv import distributed, nn, optim


def main(epochs: int = 4) -> float:
    """Train, and return the accuracy on the test images."""
    train, test = fc.data.digits(size=32)
    model, criterion = fc.models.lenet5(rng=0), nn.CrossEntropyLoss()

    sampler = distributed.DistributedSampler()  # 1
    loader = fc.data.DataLoader(*train, batch_size=32, shuffle=True, rng=0, sampler=sampler)
    distributed.broadcast_parameters(model)  # 2
    optimizer = distributed.DistributedOptimizer(optim.Adam(model.parameters(), lr=0.002))  # 3

    ranks = distributed.init()
    for epoch in range(1, epochs + 1):
        for x, y in loader:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            model.backward(criterion.backward(), input_grad=False)
            optimizer.step()
        if ranks.rank == 0:
            print(f"epoch {epoch}: the last loss of rank 0 of {ranks.size} is {loss:.3f}")

    accuracy = fc.Trainer(model, criterion, optimizer).evaluate(test)["accuracy"]  # each rank measures a part
    if ranks.rank == 0:
        print(f"test accuracy {100 * accuracy:.2f} %")
    return accuracy


if __name__ == "__main__":
    main()
