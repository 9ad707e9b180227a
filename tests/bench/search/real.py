"""Real problems: cross-validated scikit-learn models on its bundled data, evaluated when asked.

A numeric parameter is first put on a fine grid (1/256 of its range), and every answer is kept in
cache.sqlite, so the problem is one fixed table that nobody has to compute in full. Losses are
log-losses or root mean squared errors: nothing saturates, and bad corners have heavy tails.
"""

import json
import os
import pathlib
import sqlite3
import warnings

import numpy as np

from space import at, choice, draw, log, log_whole, uniform, unit, whole

warnings.filterwarnings("ignore")
GRID = 256


def data(name, rows=None):
    from sklearn import datasets
    x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    order = np.random.default_rng(1).permutation(len(x))[:rows]
    return x[order], y[order]


def score(model, x, y, scoring, folds=3):
    from sklearn.model_selection import cross_val_score
    return float(-np.mean(cross_val_score(model, x, y, cv=folds, scoring=scoring, error_score="raise")))


def scaled(model, how="standard"):
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler, QuantileTransformer, StandardScaler
    before = {"none": [], "standard": [StandardScaler()], "minmax": [MinMaxScaler()],
              "quantile": [QuantileTransformer(n_quantiles=50)]}[how]
    return make_pipeline(*before, model)


def svm(c):
    from sklearn.svm import SVC
    x, y = data("digits", 300)
    model = SVC(C=c["C"], gamma=c["gamma"], kernel=c["kernel"], degree=c["degree"], coef0=c["coef0"],
                max_iter=2000, decision_function_shape="ovr")
    from sklearn.model_selection import StratifiedKFold
    loss = []
    for train, test in StratifiedKFold(3).split(x, y):
        fitted = scaled(model).fit(x[train], y[train])
        f = fitted.decision_function(x[test])
        own = f[np.arange(len(test)), y[test]].copy()
        f[np.arange(len(test)), y[test]] = -np.inf
        loss.append(np.mean(np.maximum(0, 1 - (own - f.max(axis=1)))))  # the margin's hinge
    return float(np.mean(loss))


def forest(c):
    from sklearn.ensemble import RandomForestClassifier
    x, y = data("digits", 400)
    return score(RandomForestClassifier(n_estimators=c["trees"], max_depth=c["depth"], criterion=c["criterion"],
                                        max_features=c["features"], min_samples_leaf=c["leaf"],
                                        bootstrap=c["bootstrap"], random_state=0), x, y, "neg_log_loss")


def boosting(c):
    from sklearn.ensemble import GradientBoostingRegressor
    x, y = data("diabetes")
    return score(GradientBoostingRegressor(learning_rate=c["lr"], n_estimators=c["trees"], max_depth=c["depth"],
                                           subsample=c["subsample"], max_features=c["features"],
                                           min_samples_leaf=c["leaf"], loss=c["loss"], random_state=0),
                 x, y, "neg_root_mean_squared_error")


def mlp(c):
    from sklearn.neural_network import MLPClassifier
    x, y = data("digits", 300)
    return score(scaled(MLPClassifier((c["width"],) * c["layers"], activation=c["activation"], solver=c["solver"],
                                      alpha=c["alpha"], learning_rate_init=c["lr"], batch_size=c["batch"],
                                      max_iter=12, random_state=0)), x / 16, y, "neg_log_loss")


def neighbours(c):
    from sklearn.decomposition import PCA
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    x, y = data("digits", 400)
    model = KNeighborsClassifier(c["k"], weights=c["weights"], p=c["p"])
    return score(scaled(make_pipeline(PCA(c["components"], whiten=c["whiten"], random_state=0), model),
                        c["scaler"]), x, y, "neg_log_loss")


def logistic(c):
    from sklearn.linear_model import LogisticRegression
    x, y = data("wine")
    return score(scaled(LogisticRegression(C=c["C"], l1_ratio=c["l1_ratio"], solver="saga", tol=c["tol"],
                                           penalty="elasticnet", max_iter=c["steps"],
                                           class_weight=None if c["weight"] == "none" else c["weight"],
                                           random_state=0), c["scaler"]), x, y, "neg_log_loss")


def support_regression(c):
    from sklearn.svm import SVR
    x, y = data("diabetes")
    return score(scaled(SVR(C=c["C"], gamma=c["gamma"], epsilon=c["epsilon"], kernel=c["kernel"],
                            max_iter=5000)), x, y, "neg_root_mean_squared_error")


PROBLEMS = {
    "svm_digits": (svm, {"C": log(1e-3, 1e4), "gamma": log(1e-6, 10), "coef0": uniform(0, 2), "degree": whole(2, 5),
                         "kernel": choice("rbf", "poly", "sigmoid", "linear")}),
    "forest_digits": (forest, {"trees": whole(3, 40), "depth": whole(2, 20), "features": uniform(0.02, 1),
                               "leaf": log_whole(1, 32), "criterion": choice("gini", "entropy"),
                               "bootstrap": choice(True, False)}),
    "boosting_diabetes": (boosting, {"lr": log(1e-3, 1), "trees": log_whole(5, 200), "depth": whole(1, 8),
                                     "subsample": uniform(0.2, 1), "features": uniform(0.1, 1),
                                     "leaf": log_whole(1, 50),
                                     "loss": choice("squared_error", "absolute_error", "huber")}),
    "mlp_digits": (mlp, {"width": log_whole(4, 64), "layers": whole(1, 3), "lr": log(1e-4, 1), "alpha": log(1e-6, 10),
                         "batch": choice(16, 32, 64, 128), "activation": choice("relu", "tanh", "logistic"),
                         "solver": choice("adam", "sgd")}),
    "neighbours_digits": (neighbours, {"k": log_whole(1, 60), "components": whole(2, 60), "p": whole(1, 3),
                                       "weights": choice("uniform", "distance"), "whiten": choice(True, False),
                                       "scaler": choice("none", "standard", "minmax", "quantile")}),
    "logistic_wine": (logistic, {"C": log(1e-4, 1e4), "l1_ratio": uniform(0, 1), "tol": log(1e-5, 1e-1),
                                 "steps": log_whole(3, 300), "weight": choice("none", "balanced"),
                                 "scaler": choice("none", "standard", "minmax", "quantile")}),
    "svr_diabetes": (support_regression, {"C": log(1e-2, 1e4), "gamma": log(1e-5, 10), "epsilon": log(1e-2, 100),
                                          "kernel": choice("rbf", "sigmoid", "poly")}),
}


class Cache:
    def __init__(self, path):
        self.db = sqlite3.connect(path, timeout=60, isolation_level=None)
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("CREATE TABLE IF NOT EXISTS loss (problem TEXT, config TEXT, y REAL, drawn INTEGER,"
                        " PRIMARY KEY (problem, config))")

    def get(self, problem, key):
        row = self.db.execute("SELECT y FROM loss WHERE problem=? AND config=?", (problem, key)).fetchone()
        return None if row is None else row[0]

    def put(self, problem, key, y, drawn):
        self.db.execute("INSERT INTO loss VALUES (?,?,?,?) ON CONFLICT DO UPDATE SET drawn=max(drawn, excluded.drawn)",
                        (problem, key, y, drawn))

    def drawn(self, problem):
        """The losses of the independent draws, in the order in which they were made."""
        return [y for (y,) in self.db.execute("SELECT y FROM loss WHERE problem=? AND drawn=1", (problem,))]

    def least(self, problem):
        return self.db.execute("SELECT min(y) FROM loss WHERE problem=?", (problem,)).fetchone()[0]


class Real:
    """The same interface as synthetic.Synthetic; the optimum is the least loss anybody ever found."""

    noise = 0.0
    cache = None  # opened once

    def __init__(self, name, seed):
        del seed  # a table has no instances
        self.name = name
        self.fit, self.parameters = PROBLEMS[name]
        if Real.cache is None:
            Real.cache = Cache(pathlib.Path(os.environ["BENCH_WORK"]) / "cache.sqlite")

    @property
    def optimum(self):
        return Real.cache.least(self.name)

    def snapped(self, config):
        out = {}
        for name, p in sorted(self.parameters.items()):
            value = config[name]
            if "values" not in p and isinstance(value, float) and "q" not in p:
                value = float(f"{at(p, round(unit(p, value) * GRID) / GRID):.6g}")
            out[name] = max(int(value), p["min"]) if "q" in p else value
        return out

    def loss(self, config, drawn=0):
        snapped = self.snapped(config)
        key = json.dumps(snapped)
        y = None if drawn else Real.cache.get(self.name, key)
        if y is None:
            try:
                y = min(self.fit(snapped), 1e12)
            except ValueError:  # a solver whose weights left the range of numbers
                y = 1e12
            Real.cache.put(self.name, key, y, drawn)
        return y

    def observed(self, config, rng):
        return self.loss(config)

    def crashes(self, config):
        return False

    def sample(self, n):
        """At least n losses of independent draws: what random search does is known from them."""
        have = Real.cache.drawn(self.name)
        for k in range(len(have), n):
            self.loss(draw(self.parameters, np.random.default_rng([7, k])), drawn=1)
        return Real.cache.drawn(self.name)
