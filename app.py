"""The door: reads the options, then opens the studio in the browser. `python app.py --help` lists them.

Exit codes: 0 done · 1 failed · 2 bad option · 5 port, folder or disk · 130 stopped by Ctrl-C before it was ready.
"""

import sys

from studio.errors import StudioError
from studio.ui.options import Options, read_options, terminal_language


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl-C; a problem is one line in the reader's language."""
    try:
        options = read_options(arguments)
        serve_both(options)
    except StudioError as error:
        print(error.text(terminal_language()), file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


def serve_both(options: Options) -> None:
    """The page and the API on one server. Keys are needed where others can reach it, or the page has a login."""
    from studio.api.server import build, serves
    from studio.api.settings import from_environment
    from studio.ui.server import Beside, serve

    keys = options.require_key or bool(options.login) or not (options.local or options.insecure)
    settings = from_environment(keys=keys)
    serve(options, Beside(serves, lambda studio, admitted: build(studio, settings, admitted), settings.origins))


if __name__ == "__main__":
    sys.exit(main())
