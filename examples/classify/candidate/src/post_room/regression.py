"""Multinomial logistic regression in plain Python: a dozen features and a hundred texts need no more.

Hastie, Tibshirani & Friedman, The Elements of Statistical Learning (2009), section 4.4.
"""

from collections.abc import Mapping, Sequence
from math import exp
from typing import NamedTuple

Features = Mapping[str, float]
ROUNDS = 400
STEP = 0.5
BIAS = "(bias)"


class Regression(NamedTuple):
    """Weights by label and feature; `BIAS` is every text's feature of value 1."""

    weights: dict[str, dict[str, float]]

    def probabilities(self, features: Features) -> dict[str, float]:
        """Return how likely each label is: the softmax of the weighted sums."""
        present = {name: value for name, value in features.items() if value} | {BIAS: 1.0}
        sums = {
            label: sum(weights.get(name, 0.0) * value for name, value in present.items())
            for label, weights in self.weights.items()
        }
        highest = max(sums.values())
        powers = {label: exp(one - highest) for label, one in sums.items()}
        total = sum(powers.values())
        return {label: power / total for label, power in powers.items()}


def fit(texts: Sequence[tuple[Features, str]], penalty: float) -> Regression:
    """Learn by gradient descent on the mean log loss plus penalty / 2 times the squared weights.

    The bias is not penalised. It begins at zero and takes the same steps, so it is reproducible.
    """
    labels = sorted({label for _, label in texts})
    names = [*sorted({name for features, _ in texts for name in features}), BIAS]
    model = Regression({label: dict.fromkeys(names, 0.0) for label in labels})
    for _ in range(ROUNDS):
        slopes = {label: dict.fromkeys(names, 0.0) for label in labels}
        for features, right in texts:
            given = model.probabilities(features)
            for label in labels:
                error = (given[label] - (label == right)) / len(texts)
                slopes[label][BIAS] += error
                for name, value in features.items():
                    slopes[label][name] += error * value
        for label in labels:
            for name in names:
                shrink = 0.0 if name == BIAS else penalty * model.weights[label][name]
                model.weights[label][name] -= STEP * (slopes[label][name] + shrink)
    return model
