"""Convolutional networks as scikit-learn estimators; needs the extra ``sklearn``."""

from fastconv._extras import require

require("sklearn", "fastconv.sklearn", "sklearn")

from .classifier import ConvNetClassifier  # noqa: E402
from .regressor import ConvNetRegressor  # noqa: E402

__all__ = ["ConvNetClassifier", "ConvNetRegressor"]
