"""Changes cases at a steady rate: `python -m tests.bench.stir URL AUTHORIZATION PER_SECOND SECONDS`."""

import itertools
import sys
import time

import httpx


def main(url: str, authorization: str, per_second: str, seconds: str) -> None:
    pause, until = 1 / float(per_second), time.perf_counter() + float(seconds)
    with httpx.Client(base_url=url, headers={"authorization": authorization}, trust_env=False) as http:
        page = http.get("/incidences", params={"view": "all", "limit": 200}).json()["items"]
        cases = {case["incidenceId"]: case["version"] for case in page[1:]}
        due = time.perf_counter()
        for turn, id in enumerate(itertools.cycle(list(cases))):
            if time.perf_counter() > until:
                return
            body = {"version": cases[id], "summary": f"stirred {turn}"}
            answer = http.patch(f"/incidences/{id}", json=body)
            if answer.is_success:
                cases[id] = answer.json()["version"]
            due += pause
            time.sleep(max(0, due - time.perf_counter()))


if __name__ == "__main__":
    main(*sys.argv[1:])
