"""Finite tables of real models: every cell of a small grid cross-validated once, so the optimum and what
random search reaches are exact, and a search costs only its suggestions. Each table comes in two forms:
`-listed`, its levels as `values`, and `-ranges`, numbers of which each is read as the nearest level.

Twelve models of few rows on scikit-learn's bundled data; error rates, log-losses, hinges and root mean
squared errors. Made in ten minutes on one core, then kept in tables.json.
"""

import itertools
import json
import os
import pathlib
import warnings

import numpy as np

from space import at, log, log_whole, uniform, unit, whole

warnings.filterwarnings("ignore")
_kept = {}


def data(name, rows=None):
    if (name, rows) not in _kept:
        from sklearn import datasets
        x, y = getattr(datasets, f"load_{name}")(return_X_y=True)
        order = np.random.default_rng(2).permutation(len(x))[:rows]
        _kept[name, rows] = x[order], y[order]
    return _kept[name, rows]


def error_rate(model, x, y):
    return np.mean(model.predict(x) != y)


def rmse(model, x, y):
    return np.sqrt(np.mean((model.predict(x) - y) ** 2))


def log_loss(model, x, y):
    p = np.clip(model.predict_proba(x), 1e-12, 1)
    p /= p.sum(axis=1, keepdims=True)
    return -np.mean(np.log(p[np.arange(len(y)), np.searchsorted(model.classes_, y)]))


def hinge(model, x, y):  # of two classes
    return np.mean(np.maximum(0, 1 - np.where(y == model.classes_[1], 1, -1) * model.decision_function(x)))


def scored(make, name, rows, measure, folds=3, scaler="none"):
    """c -> the mean over folds; c["scaler"], or `scaler`, says what is done to the data first."""
    def loss(c):
        from sklearn.model_selection import KFold, StratifiedKFold
        from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler
        x, y = data(name, rows)
        split = StratifiedKFold(folds) if y.dtype.kind == "i" else KFold(folds)
        by_name = {"standard": StandardScaler, "minmax": MinMaxScaler, "robust": RobustScaler}
        scale = by_name.get(c.get("scaler", scaler))
        out = []
        for train, test in split.split(x, y):
            a, b = x[train], x[test]
            if scale:
                fitted = scale().fit(a)
                a, b = fitted.transform(a), fitted.transform(b)
            out.append(measure(make(c).fit(a, y[train]), b, y[test]))
        return float(np.mean(out))
    return loss


def support_vectors(c):
    from sklearn.svm import SVC
    return SVC(C=c["C"], gamma=c["gamma"], kernel=c["kernel"], degree=3, coef0=1.0, max_iter=1000)


def margin(c):
    from sklearn.svm import SVC
    return SVC(C=c["C"], gamma=c["gamma"], kernel=c["kernel"], max_iter=2000)


def regression(c):
    from sklearn.svm import SVR
    return SVR(C=c["C"], gamma=c["gamma"], epsilon=c["epsilon"], kernel=c["kernel"], degree=3, max_iter=3000)


def tree(c):
    from sklearn.tree import DecisionTreeClassifier
    return DecisionTreeClassifier(criterion=c["criterion"], max_depth=c["depth"], min_samples_leaf=c["leaf"],
                                  max_features=c["features"], ccp_alpha=1e-5, splitter=c["splitter"], random_state=0)


def forest(c):
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
    kind = ExtraTreesClassifier if c.get("kind") == "extra" else RandomForestClassifier
    return kind(n_estimators=c["trees"], max_depth=c["depth"], max_features=c["features"],
                min_samples_leaf=c["leaf"], bootstrap=c.get("bootstrap", kind is RandomForestClassifier),
                random_state=0)


def boosting(c):
    from sklearn.ensemble import GradientBoostingRegressor
    return GradientBoostingRegressor(learning_rate=c["lr"], n_estimators=c["trees"], max_depth=c["depth"],
                                     subsample=c["subsample"], loss=c["loss"], random_state=0)


def neighbours(c):
    from sklearn.neighbors import KNeighborsClassifier
    return KNeighborsClassifier(c["k"], weights=c["weights"], p=c["p"], metric="minkowski")


def logistic(c):
    from sklearn.linear_model import LogisticRegression
    return LogisticRegression(C=c["C"], l1_ratio=c["l1_ratio"], solver="saga", tol=1e-4, penalty="elasticnet",
                              max_iter=c["steps"], random_state=0)


def kernel_ridge(c):
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    ridge = KernelRidge(alpha=c["alpha"], gamma=c["gamma"], kernel=c["kernel"], degree=c["degree"], coef0=c["coef0"])
    return TransformedTargetRegressor(make_pipeline(StandardScaler(), ridge), transformer=StandardScaler())


def network(c):
    from sklearn.neural_network import MLPClassifier
    return MLPClassifier((c["width"],) * c["layers"], activation=c["activation"], solver=c["solver"],
                         alpha=c["alpha"], learning_rate_init=c["lr"], batch_size=16, max_iter=8, random_state=0)


def descent(c):
    from sklearn.linear_model import SGDClassifier
    return SGDClassifier(loss=c["loss"], penalty=c["penalty"], alpha=c["alpha"], learning_rate=c["schedule"],
                         eta0=c["eta0"], max_iter=8, tol=None, random_state=0)


# The model, and of each parameter its choices or (its range, how many levels).
TABLES = {
    "svm_errors": (scored(support_vectors, "digits", 150, error_rate),
                   {"C": (log(1e-2, 1e4), 10), "gamma": (log(1e-5, 1), 11), "kernel": ["rbf", "poly", "sigmoid"],
                    "scaler": ["none", "standard", "minmax"]}),
    "svm_margin": (scored(margin, "breast_cancer", 200, hinge),
                   {"C": (log(1e-3, 1e4), 10), "gamma": (log(1e-6, 10), 12), "kernel": ["rbf", "sigmoid", "linear"],
                    "scaler": ["standard", "minmax", "robust"]}),
    "svr": (scored(regression, "diabetes", 200, rmse),
            {"C": (log(1e-2, 1e4), 8), "gamma": (log(1e-5, 10), 8), "epsilon": (log(1e-2, 100), 6),
             "kernel": ["rbf", "poly"], "scaler": ["standard", "minmax"]}),
    "tree": (scored(tree, "breast_cancer", 300, log_loss, 5),
             {"criterion": ["gini", "entropy"], "depth": (whole(1, 12), 8), "leaf": (log_whole(1, 60), 8),
              "features": (uniform(0.05, 1), 8), "splitter": ["best", "random"]}),
    "forest": (scored(forest, "wine", None, log_loss),
               {"kind": ["forest", "extra"], "trees": (log_whole(1, 16), 5), "depth": (whole(1, 12), 6),
                "features": (uniform(0.05, 1), 6), "leaf": (log_whole(1, 30), 5)}),
    "forest_errors": (scored(forest, "digits", 200, error_rate),
                      {"trees": (log_whole(1, 16), 5), "depth": (whole(1, 16), 6), "features": (uniform(0.02, 1), 7),
                       "leaf": (log_whole(1, 30), 5), "bootstrap": [True, False]}),
    "boosting": (scored(boosting, "diabetes", 150, rmse),
                 {"lr": (log(1e-3, 1), 7), "trees": (log_whole(2, 60), 5), "depth": (whole(1, 6), 5),
                  "subsample": (uniform(0.2, 1), 4), "loss": ["squared_error", "huber"]}),
    "neighbours": (scored(neighbours, "wine", None, log_loss),
                   {"k": (log_whole(1, 60), 20), "p": (uniform(1, 5), 5), "weights": ["uniform", "distance"],
                    "scaler": ["none", "standard", "minmax", "robust"]}),
    "logistic": (scored(logistic, "breast_cancer", 200, log_loss),
                 {"C": (log(1e-4, 1e4), 10), "l1_ratio": (uniform(0, 1), 6), "steps": (log_whole(3, 200), 6),
                  "scaler": ["none", "standard", "minmax", "robust"]}),
    "ridge": (scored(kernel_ridge, "diabetes", 200, rmse),
              {"alpha": (log(1e-6, 1e3), 9), "gamma": (log(1e-5, 10), 9), "degree": (whole(1, 3), 3),
               "coef0": (uniform(0, 3), 3), "kernel": ["rbf", "poly", "laplacian"]}),
    "network": (scored(network, "digits", 150, log_loss, 2),
                {"width": (log_whole(4, 48), 5), "layers": (whole(1, 3), 3), "lr": (log(1e-4, 3), 9),
                 "alpha": (log(1e-6, 10), 4), "activation": ["relu", "tanh", "logistic"], "solver": ["adam", "sgd"]}),
    "descent": (scored(descent, "digits", 200, error_rate, scaler="standard"),
                {"loss": ["hinge", "log_loss", "modified_huber", "squared_hinge"], "penalty": ["l2", "l1", "elasticnet"],
                 "alpha": (log(1e-7, 1), 8), "eta0": (log(1e-4, 10), 8),
                 "schedule": ["constant", "invscaling", "optimal"]}),
}
PROBLEMS = [f"{name}-{form}" for name in TABLES for form in ("listed", "ranges")]


def levels(p, count):
    out = [at(p, i / (count - 1)) for i in range(count)]
    return list(dict.fromkeys(float(f"{v:.4g}") if isinstance(v, float) else v for v in out))


class Table:
    """The same interface as synthetic.Synthetic."""

    noise = 0.0
    file = pathlib.Path(os.environ["BENCH_WORK"]) / "tables.json"

    def __init__(self, name, seed):
        del seed  # a table has no instances
        self.name = name
        self.table, _, form = name.rpartition("-")
        self.fit, space = TABLES[self.table]
        self.levels = {n: s if isinstance(s, list) else levels(*s) for n, s in space.items()}
        self.ranges = {n: s[0] for n, s in space.items() if not isinstance(s, list) and form == "ranges"}
        self.parameters = {n: self.ranges.get(n, {"values": v}) for n, v in self.levels.items()}
        self.cells = self.made()
        self.optimum = min(self.cells)

    def made(self):
        known = json.loads(self.file.read_text()) if self.file.exists() else {}
        if self.table not in known:
            print(f"    computing the table {self.table} (once)", flush=True)
            cells = [self.computed(dict(zip(self.levels, v))) for v in itertools.product(*self.levels.values())]
            known[self.table] = cells
            self.file.write_text(json.dumps(known))
        return known[self.table]

    def computed(self, config):
        try:
            y = self.fit(config)
        except ValueError:  # a solver whose weights left the range of numbers
            y = np.inf
        return y if np.isfinite(y) else 1e12

    def loss(self, config):
        index = 0
        for n, of in self.levels.items():
            if n in self.ranges:
                u = unit(self.ranges[n], config[n])
                place = min(range(len(of)), key=lambda i: abs(unit(self.ranges[n], of[i]) - u))
            else:
                place = of.index(config[n])
            index = index * len(of) + place
        return self.cells[index]

    def observed(self, config, rng):
        return self.loss(config)

    def crashes(self, config):
        return False

    def sample(self, n):
        return self.cells
