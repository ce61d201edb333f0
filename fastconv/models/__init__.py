"""Networks that are known by name.

Names and layouts of weights are torchvision's where it has the network:
``resnet18().load_state_dict(torchvision.models.resnet18(weights="DEFAULT").state_dict())``.
"""

from .alexnet import alexnet
from .autoencoder import autoencoder_small
from .densenet import densenet_small
from .inception import inception_small
from .lenet import lenet5
from .mobilenet import mobilenet_v2
from .resnet import resnet18, resnet20
from .unet import unet_small
from .vgg import vgg11, vgg11_bn

__all__ = [
    "alexnet",
    "autoencoder_small",
    "densenet_small",
    "inception_small",
    "lenet5",
    "mobilenet_v2",
    "resnet18",
    "resnet20",
    "unet_small",
    "vgg11",
    "vgg11_bn",
]
