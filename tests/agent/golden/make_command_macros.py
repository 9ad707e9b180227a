"""Writes command_macros.json: what wandb 0.31.0 makes of sweep commands. Run with that version installed:

    python make_command_macros.py > command_macros.json

The loop in expand() is Agent._command_run of wandb/wandb_agent.py; the rest is called.
"""
import json
import os
import sys

from wandb.sdk.launch.sweeps import utils


def expand(command, args, program, env):
    os.environ.update(env)
    words = utils.create_sweep_command(list(command) if command else command)
    macros = utils.create_sweep_command_args({"args": args})
    macros["interpreter"] = ["python"]
    macros["program"] = [program]
    macros["args_json_file"] = ["/tmp/run/args.json"]
    macros["env"] = ["/usr/bin/env"]
    out = []
    for c in words:
        c = str(c)
        if c.startswith("${") and c.endswith("}"):
            out += macros.get(c[2:-1]) or []
        else:
            out += [c]
    return out


def values(**kw):
    return {k: {"value": v} for k, v in kw.items()}


SMALL = values(lr=0.1, flag=True, off=False)
LARGE = values(
    lr=1e-05, big=1e16, below=123456789012345.6, n=3, one=1.0, neg=-0.5, flag=True, off=False, none=None,
    s="--x; $(id)\n'q' `id` && rm", opt={"mom": 0.5, "name": "it's", "deep": {"b": True, "z": None,
    "l": [1, "a\"'\\\n\té\u00a0\x7f\u200b"]}}, u="é😀", e={}, el=[], m=1e-4, f=1.2345678901234568e17, g=1e22,
    h=0.30000000000000004, w=9007199254740993, z=-0.0, tiny=5e-324, huge=1.7976931348623157e308,
    neg_int=-7, sci=2.5e-07, empty="", equals="a=b", dash="-1", long=18446744073709551615,
)
CASES = [("default command", None, SMALL, "train.py", {}), ("empty command", [], SMALL, "train.py", {})]
for macro in ["args", "args_no_equals", "args_no_hyphens", "args_no_boolean_flags", "args_json",
              "args_json_file", "args_append_hydra", "args_override_hydra", "args_dict"]:
    CASES.append((macro, ["${env}", "python3", "${program}", "${%s}" % macro], LARGE, "train.py", {}))
CASES += [
    ("envvar", ["${env}", "${envvar:GOLDEN_A}/bin/x", "a${envvar:GOLDEN_A}b${envvar:GOLDEN_UNSET}",
                "${envvar:GOLDEN_MACRO}", "${envvar:lower}", "${envvar:}", "${envvar:GOLDEN_A"],
     SMALL, "train.py", {"GOLDEN_A": "foo", "GOLDEN_MACRO": "${args}"}),
    ("unknown and embedded macros", ["${nope}", "${program}x", "x${program}", "${a} ${b}", "plain"],
     SMALL, "train.py", {}),
    ("no parameters", ["${program}", "${args}", "${args_json}"], {}, "train.py", {}),
    ("twice and beside fixed words", ["${program}", "${args}", "${args}", "--fixed=1"], SMALL, "a b.py", {}),
]
json.dump([{"name": n, "command": c or [], "config": a, "program": p, "env": e, "argv": expand(c, a, p, e)}
           for n, c, a, p, e in CASES], sys.stdout, indent=1)
