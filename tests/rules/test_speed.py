"""The benchmark's own promise: it measures rules that judge as their hand-written twins do."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path


def test_what_is_measured_judges_as_its_floor_does() -> None:
    """Each of them compares the decisions before it measures; how fast they are is for a quiet machine to say."""
    path = Path(__file__).parents[1] / "bench" / "rules.py"
    spec = spec_from_file_location("bench_of_rules", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    rows = [*module.bench_twelve(contexts=40, rounds=1), *module.bench_library(contexts=40, rounds=1)]
    assert len([*rows, *module.bench_many(rules=40, customers=60, rounds=1)]) >= 4
