"""Trains a small neural network on scikit-learn's bundled digits and reports after every epoch.

Started by an agent as `python train.py --learning_rate=0.01 --hidden=32 ...`; works by hand as well.
"""

import argparse
import pathlib
import sys

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
import sweepd_report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--learning_rate", type=float, default=0.01)
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--alpha", type=float, default=1e-4)
    parser.add_argument("--epochs", type=int, default=120)
    args = parser.parse_args()

    images, labels = load_digits(return_X_y=True)
    train_x, test_x, train_y, test_y = train_test_split(
        images / 16.0, labels, test_size=0.25, random_state=0, stratify=labels
    )
    model = MLPClassifier(
        hidden_layer_sizes=(args.hidden, args.hidden),
        learning_rate_init=args.learning_rate,
        alpha=args.alpha,
        batch_size=32,
        random_state=0,
    )
    classes = np.unique(labels)
    for epoch in range(1, args.epochs + 1):
        model.partial_fit(train_x, train_y, classes=classes)
        accuracy = float(model.score(test_x, test_y))
        sweepd_report.log(epoch=epoch, loss=float(model.loss_), accuracy=accuracy)
        if epoch % 20 == 0:
            print(f"epoch {epoch:3d}  loss {model.loss_:.4f}  accuracy {accuracy:.4f}", flush=True)


if __name__ == "__main__":
    main()
