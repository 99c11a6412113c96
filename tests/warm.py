"""The command line in a real process that has its imports behind it, for tests that call it many times.

A program that imported the studio waits for calls; each is answered by a process of its own (fork), with the arguments,
environment, files and exit code of that call. What starting costs, and what is imported when, others test on
`python -m studio` itself.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., "subprocess.CompletedProcess[Any]"]
ROOT = Path(__file__).parents[1]

# What nearly every command imports. Nothing of `studio.cli`: it takes its language from the environment when imported.
PROGRAM = """
import atexit, gc, json, os, runpy, sys, threading, traceback
import av, click, librosa.feature, numpy, rich.console, rich.progress, rich.table, soxr, sqlalchemy.orm, torch
import studio.studio, studio.batch.batches, studio.engines.espeak.engine, studio.library.migrations

def call(arguments, environment, files):
    for number, file in enumerate(files):
        os.dup2(os.open(file, os.O_RDWR), number)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["studio", *arguments]
    try:
        runpy.run_module("studio", run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # to take apart what was imported would take longer than most calls

calls, answers = os.fdopen(os.dup(0)), os.fdopen(os.dup(1), "w")
gc.collect()
gc.freeze()
for line in calls:
    child = os.fork()
    if not child:
        call(**json.loads(line))
    answers.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\\n")
    answers.flush()
"""


class Warm:
    """The program that waits for calls, one after the other."""

    def __init__(self) -> None:
        self._process = self._started()

    def __call__(
        self, arguments: list[str], environment: dict[str, str], stdin: str | None, text: bool
    ) -> "subprocess.CompletedProcess[Any]":
        with tempfile.TemporaryDirectory() as folder:
            files = [Path(folder) / name for name in ("in", "out", "err")]
            for file in files:
                file.write_text("" if file.name != "in" else stdin or "", "utf-8")
            told = {"arguments": arguments, "environment": environment, "files": [str(file) for file in files]}
            code = self._answer(json.dumps(told))
            out, err = (file.read_bytes() for file in files[1:])
        said = (out.decode(), err.decode()) if text else (out, err)
        return subprocess.CompletedProcess(arguments, code, *said)

    def close(self) -> None:
        """Ends the program, and a call that is still at work."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def _answer(self, told: str) -> int:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(f"{told}\n")
            self._process.stdin.flush()
            return int(self._process.stdout.readline())
        except BaseException:  # a test that took too long, Ctrl-C: the answer to come is not that of the next call
            self.close()
            self._process = self._started()
            raise

    def _started(self) -> "subprocess.Popen[str]":
        command, environment = [sys.executable, "-c", PROGRAM], os.environ | {"PYTHONUTF8": "1"}
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )


def hears_ctrl_c() -> None:
    """Of a new process: as in a terminal, though the tests run in the background of a shell, which takes it away."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
