"""sweepd's searches, driven through `sweepd suggest` (JSON lines): one child a search."""

import json
import subprocess

OURS = {
    "sweepd": {"method": "bayes"},
    "sweepd-tpe": {"method": "tpe"},
    "sweepd-cma_es": {"method": "cma_es"},
    "sweepd-sobol": {"method": "sobol"},
}


class Sweepd:
    """`settings`: what a sweep file says beside parameters and metric: method, search, ..."""

    def __init__(self, program, settings, parameters, seed, budget):
        self.config = {"parameters": parameters, "metric": {"name": "loss", "goal": "minimize"},
                       "run_cap": budget} | settings
        self.seed = seed
        self.runs = []
        self.child = subprocess.Popen([program, "suggest"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self):
        request = {"op": "next_runs", "config": self.config, "runs": self.runs, "n": 1, "seed": self.seed}
        self.child.stdin.write(json.dumps(request) + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise RuntimeError(f"sweepd suggest ended with {self.child.wait()}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"sweepd suggest: {answer['error']} {answer.get('where', '')}")
        run = answer["runs"][0] if answer["runs"] else None
        if run is None:
            return None
        self.runs.append({"name": str(len(self.runs)), "state": "running", "config": run["config"]})
        return len(self.runs) - 1, {name: value["value"] for name, value in run["config"].items()}

    def tell(self, k, state, y):
        self.runs[k]["state"] = state
        if y is not None:
            self.runs[k]["summary_metrics"] = {"loss": "NaN" if y != y else y}

    def close(self):
        self.child.stdin.close()
        self.child.wait(30)
