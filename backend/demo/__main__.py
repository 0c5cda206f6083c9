"""`python -m backend.demo`: the child process that `holdfast demo` starts. Its standard input commands the driver."""

import argparse
import gc
import shutil
import signal
from pathlib import Path


def main() -> None:
    """Serve until standard input ends or a signal comes."""
    parser = argparse.ArgumentParser(prog="python -m backend.demo", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the demo lives")
    parser.add_argument("--port", type=int, required=True, help="the loopback port to answer on")
    parser.add_argument("--seed", type=int, default=7, help="the world's seed")
    parser.add_argument("--speed", type=float, default=1.0, help="how fast customers act")
    parser.add_argument("--still", action="store_true", help="no customers act")
    parser.add_argument("--throw-away", action="store_true", help="remove the folder at the end")
    given = parser.parse_args()
    gc.disable()  # nothing made at start-up is garbage; `create_app` freezes it and turns the collector on
    if hasattr(signal, "SIGHUP"):  # a terminal that closes hangs up on us too: the end of our input says it, in time
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    from backend.demo.serve import serve

    try:
        serve(
            given.folder,
            seed=given.seed,
            speed=given.speed,
            port=given.port,
            is_lively=not given.still,
            follows_stdin=True,
        )
    finally:
        if given.throw_away:  # whoever started us may be gone
            shutil.rmtree(given.folder, ignore_errors=True)


if __name__ == "__main__":
    main()
