"""`make test`: every test, those of the browser and the others side by side, because each half leaves one core idle.

With arguments (`make test ARGS="tests/text"`) it is plain pytest.
"""

import os
import subprocess
import sys
import tempfile

PYTEST = [sys.executable, "-m", "pytest", "-ra"]


def main(given: list[str]) -> int:
    if given:
        os.execv(sys.executable, [*PYTEST, *given])
    with tempfile.TemporaryFile() as said:
        browser = subprocess.Popen(
            [*PYTEST, "-p", "no:cacheprovider", "-m", "browser"],
            stdout=said,
            stderr=subprocess.STDOUT,
            preexec_fn=lambda: os.nice(5),  # it waits for what it sees; some of the others have a clock
        )
        try:
            others = subprocess.run([*PYTEST, "-m", "not browser"], check=False).returncode
            seen = browser.wait()
        except BaseException:  # Ctrl-C: both end
            browser.terminate()
            browser.wait()
            raise
        said.seek(0)
        sys.stdout.buffer.write(b"\nThe tests in a browser:\n" + said.read())
        sys.stdout.flush()
    return others or seen


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
