#!/usr/bin/env python3
"""Plain wandb.init without a sweep, resume, and the public API. Usage: loose.py SWEEPD VERSION"""

import sys

from bench import Bench


def main():
    with Bench(sys.argv[1], sys.argv[2]) as b:
        b.run("loose.py")
        run = b.rest("/runs/first-run")
        assert (run["state"], run["project"], run["exit_code"], run["epoch"]) == ("finished", "local/alone", 0, 2), run
        assert [row["_step"] for row in b.history("first-run")] == [0, 1, 2, 3, 4]
        said = b.run("read.py")
        assert "read everything" in said, said
        b.server.kill()
        b.server.wait()
        b.start_server()
        assert b.run("read.py"), "the same after the server was killed"
        print(f"wandb {b.version}: a run without a sweep, resumed, read back by the public API")


if __name__ == "__main__":
    main()
