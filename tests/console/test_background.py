"""Work beside the screen, and a console that ends before its turn."""

import gc
import warnings

from textual.app import App

from console.background import in_background


async def test_what_is_given_up_before_its_turn_is_never_begun() -> None:
    begun: list[str] = []

    async def work(name: str) -> None:
        begun.append(name)

    app: App[None] = App()
    async with app.run_test():
        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always")
            given_up = in_background(app, work, "given up")
            given_up.cancel()
            await in_background(app, work, "goes on", group="other").wait()
            del given_up
            gc.collect()
        assert [str(one.message) for one in warned] == []
    assert begun == ["goes on"]
