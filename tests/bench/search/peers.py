"""The peers, each with its own defaults, behind one interface:

ask() gives (handle, config) or None when the space is exhausted; tell(handle, state, y) reports a run
that has ended: state finished (y may be NaN), or crashed. Whoever refuses to go on raises.
"""

import math
import warnings

import numpy as np

from space import draw

warnings.filterwarnings("ignore")


class Random:
    def __init__(self, parameters, seed, budget):
        self.parameters, self.rng = parameters, np.random.default_rng([11, seed])

    def ask(self):
        return None, draw(self.parameters, self.rng)

    def tell(self, handle, state, y):
        pass

    def close(self):
        pass


class Optuna(Random):
    sampler = "TPESampler"
    options = {}

    def __init__(self, parameters, seed, budget):
        import optuna
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.space = {name: self.distribution(optuna.distributions, p) for name, p in parameters.items()}
        sampler = getattr(optuna.samplers, self.sampler)(seed=seed, **self.options)
        self.study = optuna.create_study(sampler=sampler)
        self.failed = optuna.trial.TrialState.FAIL

    @staticmethod
    def distribution(of, p):
        if "values" in p:
            return of.CategoricalDistribution(p["values"])
        whole = "q" in p or p["distribution"] == "int_uniform"
        make = of.IntDistribution if whole else of.FloatDistribution
        return make(p["min"], p["max"], log="log" in p["distribution"])

    def ask(self):
        trial = self.study.ask(self.space)
        return trial, dict(trial.params)

    def tell(self, trial, state, y):
        if state == "finished" and math.isfinite(y):
            self.study.tell(trial, y)
        else:
            self.study.tell(trial, state=self.failed)


class OptunaGp(Optuna):
    sampler = "GPSampler"


class OptunaCma(Optuna):
    sampler = "CmaEsSampler"


class OptunaQmc(Optuna):
    sampler, options = "QMCSampler", {"scramble": True}


class WandbBayes(Random):
    """The library that W&B's own controller runs; it is asked anew with all runs each time."""

    def __init__(self, parameters, seed, budget):
        import random
        import sweeps
        random.seed(seed)
        np.random.seed(seed)
        self.lib = sweeps
        self.config = {"method": "bayes", "metric": {"name": "loss", "goal": "minimize"}, "parameters": parameters}
        self.runs = []

    def ask(self):
        run = self.lib.next_run(self.config, self.runs)
        run.name, run.state = str(len(self.runs)), self.lib.RunState.running
        self.runs.append(run)
        return run, {name: v["value"] for name, v in run.config.items()}

    def tell(self, run, state, y):
        run.state = self.lib.RunState(state)
        if y is not None:
            run.summary_metrics = {"loss": y}
            run.history = [{"loss": y}]


class Ax(Random):
    def __init__(self, parameters, seed, budget):
        import logging
        import torch
        from ax.api.client import Client
        from ax.api.configs import ChoiceParameterConfig, RangeParameterConfig
        torch.set_num_threads(1)
        logging.disable(logging.ERROR)
        self.client, self.values = Client(random_seed=seed), {}
        configs = []
        for name, p in parameters.items():
            if "values" in p:  # by place, so that values of mixed types are one kind
                self.values[name] = p["values"]
                configs.append(ChoiceParameterConfig(name=name, parameter_type="str", is_ordered=False,
                                                     values=[str(i) for i in range(len(p["values"]))]))
            else:
                whole = "q" in p or p["distribution"] == "int_uniform"
                configs.append(RangeParameterConfig(
                    name=name, parameter_type="int" if whole else "float", bounds=(p["min"], p["max"]),
                    scaling="log" if "log" in p["distribution"] else None))
        self.client.configure_experiment(parameters=configs)
        self.client.configure_optimization("-loss")

    def ask(self):
        (index, config), = self.client.get_next_trials(max_trials=1).items()
        return index, {n: self.values[n][int(v)] if n in self.values else v for n, v in config.items()}

    def tell(self, index, state, y):
        if state == "finished" and math.isfinite(y):
            self.client.complete_trial(trial_index=index, raw_data={"loss": float(y)})
        else:
            self.client.mark_trial_failed(trial_index=index)


PEERS = {"random": Random, "optuna-qmc": OptunaQmc, "optuna-tpe": Optuna, "optuna-cma": OptunaCma,
         "wandb-bayes": WandbBayes, "optuna-gp": OptunaGp, "ax": Ax}
