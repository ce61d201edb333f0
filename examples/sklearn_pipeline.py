"""A convolutional network in a scikit-learn pipeline, its learning rate chosen by a grid search
=============================================================================================

The digits come as scikit-learn's users have them: rows of 64 numbers from 0 to 16, one row an image of
8 × 8 pixels. The pipeline scales them and trains the network; two processes try three learning rates,
each on two thirds of the rows, and measure it on the third that is left.

Run it:  python examples/sklearn_pipeline.py     (needs scikit-learn: pip install 'fastconv[sklearn]')
"""

from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

from fastconv.sklearn import ConvNetClassifier


def main(rows: int = 1797) -> float:
    """Search and train on three quarters of the rows; return the accuracy on the others."""
    X, y = load_digits(return_X_y=True)
    X, X_test, y, y_test = train_test_split(X[:rows], y[:rows], stratify=y[:rows], random_state=0)

    network = ConvNetClassifier(batch_size=32, early_stopping=True, n_iter_no_change=5, random_state=0)
    search = GridSearchCV(
        make_pipeline(MinMaxScaler(), network),
        {"convnetclassifier__learning_rate_init": [0.0001, 0.001, 0.01]},
        cv=3,
        n_jobs=2,
    )
    search.fit(X, y)

    results = search.cv_results_
    for parameters, score in zip(results["params"], results["mean_test_score"], strict=True):
        print(f"learning rate {parameters['convnetclassifier__learning_rate_init']}: accuracy {100 * score:.2f} %")
    best = search.best_estimator_[-1]
    print(f"{best.n_iter_} epochs with the best of them on images of shape {best.image_shape_}")
    accuracy = float(search.score(X_test, y_test))
    print(f"test accuracy {100 * accuracy:.2f} %")
    return accuracy


if __name__ == "__main__":
    main()
