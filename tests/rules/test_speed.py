"""The benchmark's own promise: it measures rules that agree with their hand-written twins, and they are fast enough."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path


def test_twelve_rules_keep_their_speed() -> None:
    path = Path(__file__).parents[1] / "bench" / "rules.py"
    spec = spec_from_file_location("bench_of_rules", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    rows = module.bench_twelve(contexts=500, rounds=9)
    assert [row["name"] for row in rows if not row["ok"]] == []
    # What these two measure is for a quiet machine; that they judge as their floors do is for every one.
    assert (
        len([*module.bench_library(contexts=40, rounds=1), *module.bench_many(rules=40, customers=60, rounds=1)]) == 2
    )
