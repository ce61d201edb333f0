"""The networks once more in torch, written from the papers with torchvision's names; of any width.

Each takes what its building function takes beside `rng` and `dtype`, and has torch's own first weights.
"""

from collections import OrderedDict

import torch
from torch import nn


def named(**parts):
    return nn.Sequential(OrderedDict(parts))


def widths(width_mult, *channels):
    return [max(1, round(c * width_mult)) for c in channels]


def pooled(size, features, **last):
    return named(features=features, avgpool=nn.AdaptiveAvgPool2d(size), flatten=nn.Flatten(), **last)


# ---- plain


def alexnet(num_classes=1000, dropout=0.5, in_channels=3, width_mult=1.0):
    a, b, c, d, e, hidden = widths(width_mult, 64, 192, 384, 256, 256, 4096)
    relu, pool = nn.ReLU, nn.MaxPool2d
    features = nn.Sequential(
        nn.Conv2d(in_channels, a, kernel_size=11, stride=4, padding=2), relu(), pool(kernel_size=3, stride=2),
        nn.Conv2d(a, b, kernel_size=5, padding=2), relu(), pool(kernel_size=3, stride=2),
        nn.Conv2d(b, c, kernel_size=3, padding=1), relu(),
        nn.Conv2d(c, d, kernel_size=3, padding=1), relu(),
        nn.Conv2d(d, e, kernel_size=3, padding=1), relu(), pool(kernel_size=3, stride=2),
    )  # fmt: skip
    classifier = nn.Sequential(
        nn.Dropout(dropout), nn.Linear(e * 36, hidden), relu(),
        nn.Dropout(dropout), nn.Linear(hidden, hidden), relu(),
        nn.Linear(hidden, num_classes),
    )  # fmt: skip
    return pooled(6, features, classifier=classifier)


def vgg11(num_classes=1000, dropout=0.5, in_channels=3, width_mult=1.0, norm=False):
    layers, before = [], in_channels
    for item in (64, "M", 128, "M", 256, 256, "M", 512, 512, "M", 512, 512, "M"):
        if item == "M":
            layers.append(nn.MaxPool2d(kernel_size=2, stride=2))
            continue
        (channels,) = widths(width_mult, item)
        layers += [nn.Conv2d(before, channels, kernel_size=3, padding=1)]
        layers += [nn.BatchNorm2d(channels)] * norm + [nn.ReLU()]
        before = channels
    (hidden,) = widths(width_mult, 4096)
    classifier = nn.Sequential(
        nn.Linear(before * 49, hidden), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(dropout),
        nn.Linear(hidden, num_classes),
    )  # fmt: skip
    return pooled(7, nn.Sequential(*layers), classifier=classifier)


def vgg11_bn(**options):
    return vgg11(**options, norm=True)


def autoencoder_small(in_channels=1, code_channels=4, width=16):
    wide = 2 * width
    return named(
        encoder=nn.Sequential(
            nn.Conv2d(in_channels, width, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(width, wide, 3, stride=2, padding=1), nn.ReLU(), nn.Conv2d(wide, code_channels, 1),
        ),
        decoder=nn.Sequential(
            nn.Conv2d(code_channels, wide, 1), nn.ReLU(),
            nn.ConvTranspose2d(wide, width, 3, stride=2, padding=1, output_padding=1), nn.ReLU(),
            nn.ConvTranspose2d(width, in_channels, 3, stride=2, padding=1, output_padding=1),
        ),
    )  # fmt: skip


# ---- residual


class BasicBlock(nn.Module):
    def __init__(self, before, channels, stride, projected):
        super().__init__()
        self.conv1 = nn.Conv2d(before, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.stride, self.more = stride, channels - before
        self.downsample = None
        if projected and (stride != 1 or self.more):
            self.downsample = nn.Sequential(
                nn.Conv2d(before, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x):
        body = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        if self.downsample is None:
            x = nn.functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))
        else:
            x = self.downsample(x)
        return (body + x).relu()


def stages(channels, blocks, projected):
    result, before = {}, channels[0]
    for number, after in enumerate(channels):
        stride = 2 if number else 1
        layers = [BasicBlock(before if i == 0 else after, after, stride if i == 0 else 1, projected)
                  for i in range(blocks)]  # fmt: skip
        result[f"layer{number + 1}"], before = nn.Sequential(*layers), after
    return result


def resnet18(num_classes=1000, in_channels=3, width_mult=1.0):
    channels = widths(width_mult, 64, 128, 256, 512)
    return named(
        conv1=nn.Conv2d(in_channels, channels[0], 7, 2, 3, bias=False), bn1=nn.BatchNorm2d(channels[0]),
        relu=nn.ReLU(), maxpool=nn.MaxPool2d(3, 2, 1), **stages(channels, 2, True),
        avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), fc=nn.Linear(channels[-1], num_classes),
    )  # fmt: skip


def resnet20(num_classes=10, in_channels=3, width_mult=1.0):
    channels = widths(width_mult, 16, 32, 64)
    return named(
        conv1=nn.Conv2d(in_channels, channels[0], 3, 1, 1, bias=False), bn1=nn.BatchNorm2d(channels[0]),
        relu=nn.ReLU(), **stages(channels, 3, False),
        avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), fc=nn.Linear(channels[-1], num_classes),
    )  # fmt: skip


# ---- depthwise


def unit(before, channels, size, stride=1, groups=1):
    conv = nn.Conv2d(before, channels, size, stride, (size - 1) // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(channels), nn.ReLU6())


class InvertedResidual(nn.Module):
    def __init__(self, before, channels, stride, ratio):
        super().__init__()
        wide = before * ratio
        widen = [unit(before, wide, 1)] if ratio > 1 else []
        narrow = [nn.Conv2d(wide, channels, 1, bias=False), nn.BatchNorm2d(channels)]
        self.conv = nn.Sequential(*widen, unit(wide, wide, 3, stride, wide), *narrow)
        self.adds = stride == 1 and before == channels

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


def eights(channels):
    """The multiple of 8 that is nearest, but at least 8 and nine tenths."""
    nearest = max(8, int(channels + 4) // 8 * 8)
    return nearest + 8 * (nearest < 0.9 * channels)


def mobilenet_v2(num_classes=1000, width_mult=1.0, dropout=0.2, in_channels=3):
    before, last = eights(32 * width_mult), max(1280, eights(1280 * width_mult))
    features = [unit(in_channels, before, 3, 2)]
    table = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    for ratio, channels, blocks, stride in table:
        for i in range(blocks):
            after = eights(channels * width_mult)
            features.append(InvertedResidual(before, after, stride if i == 0 else 1, ratio))
            before = after
    features.append(unit(before, last, 1))
    return pooled(
        1, nn.Sequential(*features), classifier=nn.Sequential(nn.Dropout(dropout), nn.Linear(last, num_classes))
    )


# ---- side by side


class Branches(nn.Module):
    def __init__(self, **branches):
        super().__init__()
        for name, branch in branches.items():
            self.add_module(name, branch)

    def forward(self, x):
        return torch.cat([branch(x) for branch in self.children()], 1)


def conv_bn_relu(before, channels, size, stride=1, padding=0):
    conv = nn.Conv2d(before, channels, size, stride, padding, bias=False)
    return named(conv=conv, bn=nn.BatchNorm2d(channels), relu=nn.ReLU())


def inception_small(num_classes=10, in_channels=3, width_mult=1.0):
    (before,) = widths(width_mult, 96)
    parts = {"stem": conv_bn_relu(in_channels, before, 3, 1, 1)}
    table = [(32, 32), (32, 48), 80, (112, 48), (96, 64), (80, 80), (48, 96), 96, (176, 160), (176, 160)]
    for number, item in enumerate(table, 1):
        if isinstance(item, tuple):
            a, b = widths(width_mult, *item)
            block = Branches(branch1=conv_bn_relu(before, a, 1), branch3=conv_bn_relu(before, b, 3, 1, 1))
            before = a + b
        else:
            (a,) = widths(width_mult, item)
            block = Branches(branch3=conv_bn_relu(before, a, 3, 2), pool=nn.MaxPool2d(3, 2))
            before += a
        parts[f"block{number}"] = block
    return named(**parts, avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(), fc=nn.Linear(before, num_classes))


class DenseLayer(nn.Module):
    def __init__(self, before, growth_rate):
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(before), nn.Conv2d(before, 4 * growth_rate, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(4 * growth_rate)
        self.conv2 = nn.Conv2d(4 * growth_rate, growth_rate, 3, padding=1, bias=False)

    def forward(self, x):
        return torch.cat([x, self.conv2(self.norm2(self.conv1(self.norm1(x).relu())).relu())], 1)


def densenet_small(num_classes=10, growth_rate=12, block_config=(6, 6, 6), in_channels=3):
    channels = 2 * growth_rate
    features = {"conv0": nn.Conv2d(in_channels, channels, 3, padding=1, bias=False)}
    for number, layers in enumerate(block_config, 1):
        if number > 1:
            half = channels // 2
            features[f"transition{number - 1}"] = named(
                norm=nn.BatchNorm2d(channels), relu=nn.ReLU(), conv=nn.Conv2d(channels, half, 1, bias=False),
                pool=nn.AvgPool2d(2),
            )  # fmt: skip
            channels = half
        block = {f"denselayer{i + 1}": DenseLayer(channels + i * growth_rate, growth_rate) for i in range(layers)}
        features[f"denseblock{number}"] = named(**block)
        channels += layers * growth_rate
    features["norm5"] = nn.BatchNorm2d(channels)
    return named(
        features=named(**features), relu=nn.ReLU(), avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten(),
        classifier=nn.Linear(channels, num_classes),
    )  # fmt: skip


def double(before, channels):
    layers = []
    for c in (before, channels):
        layers += [nn.Conv2d(c, channels, 3, padding=1, bias=False), nn.BatchNorm2d(channels), nn.ReLU()]
    return nn.Sequential(*layers)


class Level(nn.Module):
    def __init__(self, before, channels, depth):
        super().__init__()
        self.encode = double(before, channels)
        self.inner = Level(channels, 2 * channels, depth - 1) if depth > 1 else double(channels, 2 * channels)
        self.up = nn.ConvTranspose2d(2 * channels, channels, kernel_size=2, stride=2)
        self.decode = double(2 * channels, channels)

    def forward(self, x):
        skip = self.encode(x)
        return self.decode(torch.cat([skip, self.up(self.inner(nn.functional.max_pool2d(skip, 2)))], 1))


def unet_small(num_classes=2, in_channels=1, width=16, depth=3):
    return named(level=Level(in_channels, width, depth), head=nn.Conv2d(width, num_classes, 1))
