"""What each rank computes and sends, without MPI: a communicator that only says which rank this is."""

import copy
from itertools import chain

import numpy as np
import pytest

import fastconv as fc
from fastconv import distributed, nn, optim
from fastconv.distributed.buckets import split
from fastconv.distributed.communicator import Serial
from fastconv.train import Accuracy, ConfusionMatrix, Metric, TopKAccuracy
from fastconv.train.tally import Tally


class Rank(Serial):
    """One of many."""

    def __init__(self, rank, size):
        super().__init__()
        self.rank, self.size = rank, size


def loaders(ranks, samples=23, batch=8, **options):
    X, y = np.arange(samples, dtype=np.float32).reshape(samples, 1, 1, 1), np.arange(samples)
    for rank in range(ranks):
        sampler = distributed.DistributedSampler(Rank(rank, ranks))
        yield fc.data.DataLoader(X, y, batch, shuffle=True, rng=0, sampler=sampler, **options)


@pytest.mark.parametrize("ranks", [1, 2, 3, 5, 9])
@pytest.mark.parametrize("prefetch", [0, 2])
def test_parts_are_the_batches_of_one_rank(ranks, prefetch):
    whole = [y.tolist() for _, y in next(loaders(1))]
    batches = zip(*loaders(ranks, prefetch=prefetch), strict=True)
    parts = [[y.tolist() for _, y in batch] for batch in batches]
    assert [list(chain(*part)) for part in parts] == whole
    sizes = [len(part) for batch in parts for part in batch]
    assert all(max(map(len, batch)) - min(map(len, batch)) <= 1 for batch in parts) and sum(sizes) == 23


@pytest.mark.parametrize("ranks", [1, 3, 5])
def test_weights_are_shares_of_samples(ranks):
    for loader in loaders(ranks):
        for i, (_, y) in enumerate(loader):
            weight = loader.sampler.communicator.weight
            assert weight * min(8, 23 - 8 * i) == pytest.approx(len(y) * ranks, rel=1e-15)


def test_a_state_is_good_for_any_number_of_ranks():
    whole = [y.tolist() for _, y in next(loaders(1))]
    three = next(loaders(3))
    iterator = iter(three)
    next(iterator)
    for ranks in (1, 2):
        rest = []
        for loader in loaders(ranks):
            loader.load_state_dict(three.state_dict())
            rest.append([y.tolist() for _, y in loader])
        assert [list(chain(*parts)) for parts in zip(*rest, strict=True)] == whole[1:]


def test_transforms_draw_other_numbers_on_each_rank():
    class Noise(fc.data.Transform):
        def apply(self, images, targets, rng):
            return images * 0 + rng.random(), targets

    options = {"samples": 8, "transform": Noise()}
    drawn = [next(iter(loader))[0].flat[0] for loader in loaders(4, **options)]
    assert len(set(drawn)) == 4
    assert drawn[0] == next(iter(next(loaders(1, **options))))[0].flat[0]


def test_generators_jump_apart():
    from fastconv.checkpoint.generators import Generators

    numbers = []
    for rank in range(3):
        net = nn.Sequential(nn.Dropout(rng=0), nn.Dropout(rng=np.random.Generator(np.random.SFC64(0))))
        Generators(net).jump(rank)
        numbers.append((net[0].rng.random(), net[1].rng.random()))
    assert len({first for first, _ in numbers}) == 3 and len({second for _, second in numbers}) == 1


def test_buckets_have_every_parameter_once_from_the_last_to_the_first():
    rng = np.random.default_rng(0)
    for _ in range(50):
        sizes = rng.integers(0, 300, rng.integers(1, 12))
        dtypes = rng.choice([np.float32, np.float64], len(sizes))
        parameters = [nn.Parameter(np.zeros(size, dtype)) for size, dtype in zip(sizes, dtypes, strict=True)]
        capacity = int(rng.integers(1, 3000))
        for compression in (None, "float16"):
            buckets = split(parameters, capacity, compression)
            assert [p for bucket in buckets for p in bucket.parameters] == parameters[::-1]
            for bucket in buckets:
                kept = sum(place.nbytes for place in bucket._places)
                assert kept == bucket._buffer.nbytes and (kept <= capacity or len(bucket.parameters) == 1)
                assert all(np.shares_memory(p, bucket._buffer) for p in bucket._places if p.size)


def test_copies_of_parameters_have_no_hooks():
    net = nn.Linear(3, 2)
    optimizer = distributed.DistributedOptimizer(optim.SGD(net.parameters(), lr=0.1), Rank(0, 2))
    other = copy.deepcopy(net)
    assert net.weight._hooks and not other.weight._hooks
    assert optimizer.communicator.size == 2


@pytest.mark.parametrize("metric", [Accuracy(), TopKAccuracy(2), ConfusionMatrix()])
def test_metrics_of_parts_are_those_of_the_whole(metric):
    rng = np.random.default_rng(0)
    outputs, targets = rng.random((20, 4)), rng.integers(0, 4, 20)
    metric.reset()
    metric.update(outputs, targets)
    expected = metric.value()
    parts = []
    for piece in (slice(0, 0), slice(0, 3), slice(3, 20)):
        part = copy.deepcopy(metric)
        part.reset()
        if piece.stop:
            part.update(outputs[piece], targets[piece])
        parts.append(part)
    total = copy.deepcopy(metric)
    total.reset()
    for part in parts:
        total.merge_state(part)
    assert np.array_equal(total.value(), expected)


def test_a_metric_that_cannot_be_merged_says_so():
    class Own(Metric):
        name = "own"

        def reset(self):
            self.count = 0

    with pytest.raises(NotImplementedError, match="Own has no merge_state method"):
        Tally([Own()]).over(Rank(0, 2))


def test_a_model_that_is_wrapped_once_is_not_wrapped_again():
    optimizer = distributed.DistributedOptimizer(optim.Adam(nn.Linear(3, 2).parameters()))
    assert type(optimizer).__name__ == "Adam" and repr(optimizer).startswith("Adam (")
    with pytest.raises(TypeError, match="optimizer"):
        distributed.DistributedOptimizer(optimizer)


def test_exceptions_tell_the_rank():
    ranks = Rank(2, 4)
    with pytest.raises(KeyError) as caught, distributed.failing_together(ranks):
        raise KeyError("lost")
    assert ranks.failed and caught.value.__notes__[0].startswith("rank 2 of 4 (on ")
    with pytest.raises(KeyError) as caught, distributed.failing_together(Serial()):
        raise KeyError("lost")
    assert not hasattr(caught.value, "__notes__")
