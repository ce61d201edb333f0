"""Normalisation as layers."""

from fastconv import nn

from .node import Node, Reading


def batch_normalization(node: Node) -> nn.Module:
    """BatchNormalization with the statistics of the file."""
    if node.take("training_mode", 0) or len(node.outputs) > 1:
        raise node.error("training_mode must be 0, the file is one for training")
    node.only("spatial", 1)
    rank = node.rank()
    if rank not in (2, 3, 4):
        raise node.error(f"its input must have 2 to 4 axes, got {rank}")
    weight, bias = node.parameter(1, "the scale"), node.parameter(2, "the bias")
    features = weight.size
    layer = (nn.BatchNorm2d if rank == 4 else nn.BatchNorm1d)(
        features, node.take("epsilon", 1e-5), 1 - node.take("momentum", 0.9), dtype=weight.dtype
    )
    layer.weight, layer.bias = weight, bias
    layer.running_mean, layer.running_var = (
        node.constant(i, name).astype(weight.dtype) for i, name in ((3, "the mean"), (4, "the variance"))
    )
    if any(array.shape != (features,) for array in (weight, bias, layer.running_mean, layer.running_var)):
        raise node.error(f"scale, bias, mean and variance must have {features} numbers each")
    return layer


def instance_normalization(node: Node) -> nn.Module:
    """InstanceNormalization: groups of one channel each."""
    weight, bias = node.parameter(1, "the scale"), node.parameter(2, "the bias")
    channels = weight.size
    if weight.shape != (channels,) or bias.shape != (channels,):
        raise node.error(f"scale and bias must have {channels} numbers each")
    layer = nn.GroupNorm(channels, channels, node.take("epsilon", 1e-5))
    layer.weight, layer.bias = weight, bias
    return layer


def layer_normalization(node: Node) -> nn.Module:
    """LayerNormalization."""
    if len(node.outputs) > 1:
        raise node.error("the outputs Mean and InvStdDev are not supported")
    node.only("stash_type", 1)
    weight = node.parameter(1, "the scale")
    bias = node.parameter(2, "the bias") if node.has(2) else None
    axis = node.take("axis", -1)
    if axis >= 0:
        axis -= node.rank()
    if weight.ndim != -axis or (bias is not None and bias.shape != weight.shape):
        raise node.error(f"scale and bias must have the shape of the last {-axis} axes, got {weight.shape}")
    layer = nn.LayerNorm(weight.shape, node.take("epsilon", 1e-5), bias=bias is not None)
    layer.weight, layer.bias = weight, bias
    return layer


OPERATORS: dict[str, Reading] = {
    "BatchNormalization": batch_normalization,
    "InstanceNormalization": instance_normalization,
    "LayerNormalization": layer_normalization,
}
