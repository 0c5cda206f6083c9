"""What the system takes to write one frame to many sockets, with nothing else done: the least that a broadcast can take."""

import multiprocessing
import select
import socket
import time

_TIMES, _APART_SECONDS = 150, 0.03


def sends(number: int, size: int) -> list[float]:
    """Milliseconds, sorted: from the first write to the last of `size` bytes to each of `number` sockets, many times."""
    frame, writing = b"x" * size, []
    with socket.create_server(("127.0.0.1", 0), backlog=number) as server:
        reader = multiprocessing.get_context("spawn").Process(target=_read, args=(server.getsockname(), number))
        reader.start()
        for _ in range(number):
            one, _ = server.accept()
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            writing.append(one)
        took = []
        for _ in range(_TIMES):
            time.sleep(_APART_SECONDS)
            began = time.perf_counter()
            for one in writing:
                one.send(frame)
            took.append((time.perf_counter() - began) * 1000)
    for one in writing:
        one.close()
    reader.join(10)
    return sorted(took)


def _read(address: tuple[str, int], number: int) -> None:
    """Take in what comes to `number` sockets until the other side closes them."""
    reading = {one.fileno(): one for one in (socket.create_connection(address) for _ in range(number))}
    poll = select.epoll()
    for one in reading:
        poll.register(one, select.EPOLLIN)
    while reading:
        for one, _ in poll.poll():
            if not reading[one].recv(65_536):
                poll.unregister(one)
                reading.pop(one).close()
