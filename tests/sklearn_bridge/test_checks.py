"""scikit-learn's own checks of an estimator; none is expected to fail."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from fastconv.sklearn import ConvNetClassifier, ConvNetRegressor

QUICK = {"max_iter": 60, "learning_rate_init": 0.005}
EXPECTED_TO_FAIL: dict[str, str] = {}


@pytest.mark.filterwarnings("ignore")  # scikit-learn tells which checks it skips by warnings
@parametrize_with_checks(
    [ConvNetClassifier(**QUICK), ConvNetRegressor(**QUICK)],
    expected_failed_checks=lambda estimator: EXPECTED_TO_FAIL,
)
def test_scikit_learns_checks(estimator, check):
    check(estimator)
