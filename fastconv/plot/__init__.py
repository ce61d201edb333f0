"""Pictures of training, of what a network has learned, and of what it gets wrong.

Every function draws on the Axes that it is given as ``ax`` (``axes`` or ``fig`` where it needs several), or on a new
figure of pyplot, and returns what it drew on. None of them shows or saves anything: that is ``plt.show()`` or
``ax.figure.savefig(...)``, as everywhere in matplotlib.
"""

from .confusion_matrix import confusion_matrix
from .feature_maps import feature_maps
from .filters import filters
from .learning_curve import learning_curve
from .most_confused import most_confused
from .optimizer_paths import animate_optimizer_paths, optimizer_paths
from .receptive_field import receptive_field
from .saliency import saliency
from .trace import trace_optimizer

__all__ = [
    "animate_optimizer_paths",
    "confusion_matrix",
    "feature_maps",
    "filters",
    "learning_curve",
    "most_confused",
    "optimizer_paths",
    "receptive_field",
    "saliency",
    "trace_optimizer",
]
