"""Working ahead changes when things are made, never what comes out."""

import threading
import time

import pytest

from studio.production.pipeline import ahead


def test_items_come_in_order_and_whole():
    assert list(ahead(range(1000), 7)) == list(range(1000))


def test_the_producer_works_ahead_but_only_so_far():
    made = []

    def source():
        for number in range(100):
            made.append(number)
            yield number

    items = ahead(source(), 5)
    assert next(items) == 0
    deadline = time.monotonic() + 5
    while len(made) < 6 and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.05)
    assert 6 <= len(made) <= 8
    items.close()


def test_an_error_arrives_after_the_items_before_it():
    def source():
        yield 1
        raise KeyError("broken")

    items = ahead(source(), 5)
    assert next(items) == 1
    with pytest.raises(KeyError, match="broken"):
        next(items)


def test_closing_ends_the_producer_and_frees_what_it_holds():
    freed = threading.Event()

    def source():
        try:
            while True:
                yield 0
        finally:
            freed.set()

    items = ahead(source(), 2)
    next(items)
    items.close()
    assert freed.is_set()
