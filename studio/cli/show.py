"""Printing: tables for people, JSON for programs, progress with the time left for whoever waits."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from typing import Any, Protocol

import click

from studio.cli.reader import LANGUAGE, say
from studio.words import Words

PLAIN_EVERY_S = 5.0  # between progress lines where there is no terminal


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows under headers, aligned also where characters are wide; plain tab-separated lines into a pipe."""
    cells = [[str(cell) for cell in row] for row in rows]
    if not sys.stdout.isatty():
        for row in (list(headers), *cells):
            click.echo("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table

    grid = Table(*headers, box=None, pad_edge=False, header_style="bold")
    for row in cells:
        grid.add_row(*row)
    Console().print(grid)


def plain(record: Any) -> Any:
    """A record of the studio as plain data; long bytes are named by their length."""
    if is_dataclass(record) and not isinstance(record, type):
        return {field.name: plain(getattr(record, field.name)) for field in fields(record)}
    if isinstance(record, Words):
        return record._asdict()
    if isinstance(record, Mapping):
        return {str(key): plain(value) for key, value in record.items()}
    if isinstance(record, (list, tuple, set, frozenset)):
        return [plain(item) for item in record]
    if isinstance(record, bytes):
        return f"{len(record)} bytes"
    if isinstance(record, (str, int, float, bool, type(None))):
        return record
    return str(record)


def as_json(value: Any) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=2))


def duration(seconds: float) -> str:
    """`0:09`, `12:05`, `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


class Watched(Protocol):
    """Work that can be watched: a `Job` of the studio."""

    progress: float
    seconds_left: float | None
    over: bool

    def stop(self) -> None: ...
    def wait(self, timeout: float | None = None) -> Any: ...


def watch(job: Watched, title: str, quiet: bool) -> Any:
    """Wait for `job`, showing how far it is. Ctrl-C stops it cleanly before it is raised again."""
    try:
        with _bar(title, quiet) as update:
            while True:
                try:
                    return job.wait(0.1)
                except TimeoutError:
                    update(job.progress, job.seconds_left)
    except KeyboardInterrupt:
        job.stop()
        while not job.over:
            time.sleep(0.02)
        raise


@contextmanager
def _bar(title: str, quiet: bool):  # type: ignore[no-untyped-def]  # yields Callable[[float, float | None], None]
    if quiet:
        yield lambda progress, left: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[left]}")
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress_bar:
            task = progress_bar.add_task(title, total=1.0, left="")
            yield lambda progress, left: progress_bar.update(task, completed=progress, left=_left(left))
    else:
        yield _plain(title)


def _plain(title: str) -> Callable[[float, float | None], None]:
    due = time.monotonic() + PLAIN_EVERY_S

    def update(progress: float, left: float | None) -> None:
        nonlocal due
        if time.monotonic() >= due:
            due = time.monotonic() + PLAIN_EVERY_S
            click.echo(f"{title}: {progress:.0%} {_left(left)}".rstrip(), err=True)

    return update


def _left(seconds: float | None) -> str:
    return "" if seconds is None else say(f"{duration(seconds)} left", f"剩余 {duration(seconds)}")


def warn(sentences: Iterable[Words]) -> None:
    """What is to be known before long work begins, each once, on the error stream."""
    for words in dict.fromkeys(sentences):
        click.echo(f"  {words.text(LANGUAGE)}", err=True)


def notes(marks: Iterable[Any], text: str = "") -> None:
    """What became of marks that were not simply honoured, on the error stream; with its place in `text`."""
    from studio.studio import place

    for note in marks:
        if note.how != "honoured":
            where = place(text, note) if text else None
            at = f" ({where.text(LANGUAGE)})" if where else ""
            click.echo(f"  {note.mark}: {note.note.text(LANGUAGE)}{at}", err=True)
