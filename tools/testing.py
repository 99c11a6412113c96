"""`make test`: every test, in two halves side by side, because each leaves one core idle.

With arguments (`make test ARGS="tests/text"`) it is plain pytest.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from threading import Thread
from typing import IO

PYTEST = [sys.executable, "-m", "pytest", "-ra"]
MODELS = ["tests/engines", "tests/parity"]  # as long as the other half has to do after the browser is done
HERE = ["-m", "not browser", *(f"--ignore={folder}" for folder in MODELS)]
BESIDE = [["-m", "browser"], ["-m", "not browser", *MODELS]]


def main(given: list[str]) -> int:
    if given:
        os.execv(sys.executable, [*PYTEST, *given])
    with tempfile.TemporaryFile() as said:
        beside = Beside(BESIDE, said)
        try:
            code = subprocess.run([*PYTEST, *HERE], check=False).returncode
            beside.join()
        except BaseException:  # Ctrl-C: both end
            beside.stop()
            raise
        said.seek(0)
        sys.stdout.buffer.write(b"\nBeside them:\n" + said.read())
        sys.stdout.flush()
    return int(bool(code) or beside.codes != [0] * len(BESIDE))


class Beside(Thread):
    """Runs of pytest one after the other; what they say goes into a file."""

    def __init__(self, runs: Sequence[Sequence[str]], said: IO[bytes]) -> None:
        super().__init__()
        self.codes: list[int] = []
        self._runs, self._said = runs, said
        self._now: subprocess.Popen[bytes] | None = None
        self._stopped = False
        self.start()

    def run(self) -> None:
        for run in self._runs:
            if not self._stopped:
                command = [*PYTEST, "-p", "no:cacheprovider", *run]
                # It waits for what it sees, or computes; some of the others have a clock.
                self._now = subprocess.Popen(command, stdout=self._said, stderr=subprocess.STDOUT, preexec_fn=_behind)
                self.codes.append(self._now.wait())

    def stop(self) -> None:
        self._stopped = True
        if self._now is not None:
            self._now.terminate()
        self.join()


def _behind() -> None:
    os.nice(5)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
