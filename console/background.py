"""Work beside the screen: what takes time runs as a Textual worker, and ends with the node it belongs to."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar, cast

from textual.dom import DOMNode
from textual.worker import Worker

T = TypeVar("T")


def in_background(
    node: DOMNode,
    work: Callable[..., Awaitable[T]],
    *args: Any,
    name: str = "",
    group: str = "default",
    exclusive: bool = False,
) -> Worker[T]:
    """Run `work(*args)` as a worker of `node`; with `exclusive`, one of the same group that still runs is given up.

    It is called by the worker: a coroutine made here would be left unawaited by a console that ends before its turn.
    """
    called = cast(Any, partial(work, *args))
    worker: Worker[T] = node.run_worker(called, name=name, group=group, exclusive=exclusive, exit_on_error=False)
    return worker
