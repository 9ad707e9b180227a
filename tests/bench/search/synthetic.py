"""Synthetic problems, written for this benchmark. The least loss of each is 0, and every seed is an
instance of its own: the optimum lies elsewhere, rotations and tables are drawn anew.
"""

import zlib

import numpy as np

from space import choice, log, log_whole, uniform, unit, whole


class Synthetic:
    """`loss(config)` is the truth; what an optimiser sees has noise of deviation `noise` added."""

    optimum = 0.0
    noise = 0.0

    def __init__(self, name, seed):
        self.name = name
        self.rng = np.random.default_rng([zlib.crc32(name.encode()), seed])
        self.parameters = {}
        self.make()

    def numbers(self, config):
        return np.array([unit(p, config[n]) for n, p in self.parameters.items()], dtype=float)

    def crashes(self, config):
        return False

    def observed(self, config, rng):
        return self.loss(config) + (self.noise * rng.standard_normal() if self.noise else 0.0)

    def cube(self, d):
        self.parameters |= {f"x{i:02d}": uniform(0, 1) for i in range(d)}
        self.target = self.rng.uniform(0.15, 0.85, d)

    def rotation(self, d):
        q, r = np.linalg.qr(self.rng.standard_normal((d, d)))
        return q * np.sign(np.diag(r))


class TiltedBowl(Synthetic):  # smooth, one basin, badly conditioned
    d, condition = 3, 30.0

    def make(self):
        self.cube(self.d)
        self.turn = self.rotation(self.d)
        self.weights = self.condition ** np.linspace(0, 1, self.d)

    def loss(self, config):
        z = self.turn @ (self.numbers(config) - self.target)
        return float(np.sum(self.weights * z * z))


class BentValley(Synthetic):  # smooth, a curved valley
    def make(self):
        self.cube(4)

    def loss(self, config):
        z = self.numbers(config) - self.target
        return float(0.5 * z[0] ** 2 + 8 * np.sum((z[1:] - 1.5 * z[:-1] ** 2) ** 2))


class WaveField(Synthetic):  # multimodal, 2 dimensions
    def make(self):
        self.cube(2)

    def loss(self, config):
        z = self.numbers(config) - self.target
        return float(3 * np.sum(z * z) + 0.3 * np.sum(1 - np.cos(6 * np.pi * z)))


class Wells(Synthetic):  # multimodal: basins of unlike width and depth
    d, count = 5, 8

    def make(self):
        self.cube(self.d)
        self.centres = self.rng.uniform(0.1, 0.9, (self.count, self.d))
        self.depths = np.concatenate([[1.0], self.rng.uniform(0.3, 0.85, self.count - 1)])
        self.widths = self.rng.uniform(0.2, 0.35, self.count)

    def loss(self, config):
        far = np.sum((self.centres - self.numbers(config)) ** 2, axis=1)
        return float(1 - np.max(self.depths * np.exp(-far / (2 * self.widths**2))))


class Rugged(Synthetic):  # a funnel under ripples
    d = 6

    def make(self):
        self.cube(self.d)

    def loss(self, config):
        z = self.numbers(config) - self.target
        funnel = 1 - np.exp(-3.2 * np.sqrt(np.mean(z * z)))
        return float(funnel + 0.1 * np.mean(1 - np.cos(8 * np.pi * z)))


class Rugged10(Rugged):
    d = 10


class DoubleWells(Synthetic):  # 2^10 local minima, additive
    def make(self):
        self.cube(10)
        self.shift = self.rng.uniform(-0.4, 0.4, 10)
        self.tilt = self.rng.choice([-0.4, 0.4], 10)
        grid = np.linspace(-2.5, 2.5, 200_001)
        self.least = min(self.well(grid, 0.4).min(), self.well(grid, -0.4).min())

    @staticmethod
    def well(v, tilt):
        return (v * v - 1) ** 2 + tilt * v

    def loss(self, config):
        v = 4 * self.numbers(config) - 2 + self.shift
        return float(np.mean(self.well(v, self.tilt)) - self.least)


class Training(Synthetic):  # like a network's: logarithmic, whole and listed parameters that interact
    def make(self):
        self.parameters = {"batch": choice(16, 32, 64, 128, 256), "dropout": uniform(0, 0.7),
                           "layers": whole(1, 8), "lr": log(1e-5, 1), "opt": choice("sgd", "adam", "lion"),
                           "width": log_whole(16, 1024)}
        self.best_lr = self.rng.uniform(-4, -1.5) + np.array([0.8, 0, -0.5])
        self.offset = self.rng.permutation([0, 0.04, 0.12])
        self.best_layers = int(self.rng.integers(2, 8))
        self.best_width = int(self.rng.integers(40, 600))
        self.best_batch = int(self.rng.integers(5))
        self.best_dropout = self.rng.uniform(0.05, 0.5)

    def loss(self, config):
        batch = self.parameters["batch"]["values"].index(config["batch"]) - self.best_batch
        opt = self.parameters["opt"]["values"].index(config["opt"])
        off = np.log10(config["lr"]) - self.best_lr[opt] - 0.15 * batch
        width = np.log2(max(config["width"], 1) / self.best_width)
        layers = config["layers"] - self.best_layers
        size = width + 0.5 * layers  # deeper may be narrower
        return float(self.offset[opt] + 1 - np.exp(-0.5 * off**2) + 0.03 * batch**2 + 0.02 * size**2
                     + 0.02 * layers**2 + (config["dropout"] - self.best_dropout) ** 2)


class Choices(Synthetic):  # four choices that interact in pairs, and one number
    sizes = (6, 5, 4, 4)

    def make(self):
        self.parameters = {f"c{i}": choice(*[f"v{k}" for k in range(n)]) for i, n in enumerate(self.sizes)}
        self.parameters["x"] = uniform(0, 1)
        self.pairs = [self.rng.uniform(0, 1, (n, m)) for n, m in zip(self.sizes, self.sizes[1:])]
        self.places = self.rng.uniform(0.1, 0.9, self.sizes[0])
        a, b, c = self.pairs
        self.least = (a[:, :, None, None] + b[None, :, :, None] + c[None, None]).min()

    def loss(self, config):
        i = [int(unit(self.parameters[f"c{k}"], config[f"c{k}"])) for k in range(4)]
        table = sum(t[i[k], i[k + 1]] for k, t in enumerate(self.pairs))
        return float(table - self.least + 2 * (config["x"] - self.places[i[0]]) ** 2)


class Steps(Synthetic):  # whole numbers only, rotated
    ends = (2, 4, 7, 12, 20, 40)

    def make(self):
        self.parameters = {f"n{i}": whole(0, high) for i, high in enumerate(self.ends)}
        self.best = np.array([self.rng.integers(0, high + 1) for high in self.ends])
        self.turn = self.rotation(6)

    def loss(self, config):
        z = (np.array([config[f"n{i}"] for i in range(6)]) - self.best) / np.array(self.ends)
        return float(np.sum(10.0 ** np.linspace(0, 1, 6) * (self.turn @ z) ** 2))


class NoisyBowl(TiltedBowl):
    d, condition, noise = 5, 10.0, 0.25


class NoisyWells(Wells):
    d, count, noise = 3, 6, 0.1


class FewActive(Synthetic):  # 3 of 20 count
    def make(self):
        self.cube(20)
        self.active = self.rng.choice(20, 3, replace=False)
        self.turn = self.rotation(3)

    def loss(self, config):
        z = self.turn @ (self.numbers(config) - self.target)[self.active]
        return float(np.sum([1, 4, 10] * z * z) + 0.05 * np.sum(1 - np.cos(4 * np.pi * z)))


class FewActiveMixed(Synthetic):  # 4 of 20 count: two numbers, a whole one, a choice
    def make(self):
        self.parameters = {f"c{i}": choice("a", "b", "c", "d") for i in range(5)}
        self.parameters |= {f"n{i}": whole(0, 9) for i in range(5)}
        self.parameters |= {f"x{i}": uniform(0, 1) for i in range(10)}
        self.x = self.rng.choice(10, 2, replace=False)
        self.n, self.c = self.rng.integers(5, size=2)
        self.best_x, self.best_n = self.rng.uniform(0.1, 0.9, 2), int(self.rng.integers(10))
        self.offset = self.rng.permutation([0, 0.3, 0.6, 0.9])

    def loss(self, config):
        z = np.array([config[f"x{i}"] for i in self.x]) - self.best_x
        n = (config[f"n{self.n}"] - self.best_n) / 9
        kind = int(unit(self.parameters["c0"], config[f"c{self.c}"]))
        return float(4 * np.sum(z * z) + 3 * z[0] * n + 2 * n * n + self.offset[kind])


class Diverging(Synthetic):  # heavy tail: smooth until it diverges, then up to 1e8
    def make(self):
        self.parameters = {"decay": log(1e-6, 1e-1), "lr": log(1e-4, 10), "momentum": uniform(0, 0.99),
                           "warmup": uniform(0, 1)}
        self.limit = self.rng.uniform(-0.5, 0.5)
        self.best = self.rng.uniform([-5, 0.2], [-2, 0.8])

    def loss(self, config):
        speed = np.log10(config["lr"] / (1 - config["momentum"]))
        over = speed - (self.limit + 0.5 * config["warmup"])
        calm = 0.4 * (speed - self.limit + 0.4) ** 2 + 0.1 * (np.log10(config["decay"]) - self.best[0]) ** 2
        calm += (config["momentum"] - self.best[1]) ** 2
        return float(calm + (10 ** min(4 * over, 8) - 1 if over > 0 else 0))


class PowerTail(Synthetic):  # heavy tail everywhere: five decades between the corner and the optimum
    def make(self):
        self.cube(4)
        self.turn = self.rotation(4)

    def loss(self, config):
        z = np.array([1, 1.3, 1.7, 2.2]) * (self.turn @ (self.numbers(config) - self.target))
        return float(10 ** (3 * np.sqrt(np.sum(z * z) + 0.01) - 0.3) - 1)


class Branches(Synthetic):  # conditional: the model says which two of six numbers count
    def make(self):
        self.parameters = {"model": choice("linear", "tree", "kernel"), "shared": uniform(0, 1)}
        for m in ("k", "l", "t"):
            self.parameters |= {f"{m}_a": log(1e-3, 1e3), f"{m}_b": uniform(0, 1)}
        self.offset = dict(zip(("linear", "tree", "kernel"), self.rng.permutation([0, 0.05, 0.15])))
        self.target = {m: self.rng.uniform(0.1, 0.9, 3) for m in ("linear", "tree", "kernel")}

    def loss(self, config):
        m = config["model"]
        a, b = (unit(self.parameters[f"{m[0]}_{x}"], config[f"{m[0]}_{x}"]) for x in "ab")
        z = np.array([a, b, config["shared"]]) - self.target[m]
        return float(self.offset[m] + 4 * z[0] ** 2 + 3 * z[0] * z[1] + 2 * z[1] ** 2 + z[2] ** 2)


class CrashRegion(TiltedBowl):  # every run beyond a wall beside the optimum crashes
    d, condition = 4, 10.0

    def make(self):
        super().make()
        self.wall = self.rotation(self.d)[0]
        sides = (self.rng.random((1000, self.d)) - self.target) @ self.wall
        if np.mean(sides > 0.06) > np.mean(sides < -0.06):  # the lesser side crashes
            self.wall = -self.wall

    def crashes(self, config):
        return float(self.wall @ (self.numbers(config) - self.target)) > 0.06


PROBLEMS = {
    "tilted_bowl3": TiltedBowl, "bent_valley4": BentValley, "wave_field2": WaveField, "wells5": Wells,
    "rugged6": Rugged, "rugged10": Rugged10, "double_wells10": DoubleWells, "training6": Training,
    "choices5": Choices, "steps6": Steps, "noisy_bowl5": NoisyBowl, "noisy_wells3": NoisyWells,
    "few_active20": FewActive, "few_active20_mixed": FewActiveMixed, "diverging4": Diverging,
    "power_tail4": PowerTail, "branches8": Branches, "crash_region4": CrashRegion,
}
