"""The process that reads one PDF from its standard input and tells its text as JSON. It knows nothing of the studio."""

import io
import json
import sys


def main(memory: int, pages: int, characters: int) -> None:
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    except (ImportError, ValueError, OSError):
        pass  # Windows has no such limit; the time limit holds there as well
    print(json.dumps(told(pages, characters)))


def told(pages: int, characters: int) -> dict[str, object]:
    """`{"title", "author", "pages"}`, or `{"trouble": "locked" | "damaged"}`."""
    import logging

    from pypdf import PdfReader
    from pypdf.errors import FileNotDecryptedError, PyPdfError, WrongPasswordError

    logging.disable(logging.CRITICAL)  # pypdf tells of every oddity
    try:
        reader = PdfReader(io.BytesIO(sys.stdin.buffer.read()))
        if reader.is_encrypted and not reader.decrypt(""):
            return {"trouble": "locked"}
        found, length = [], 0
        for page in reader.pages[:pages]:
            text = page.extract_text()
            length += len(text)
            if length > characters:
                return {"trouble": "damaged"}
            found.append(text)
        facts = reader.metadata
        return {
            "title": str(facts.title or "") if facts else "",
            "author": str(facts.author or "") if facts else "",
            "pages": found,
        }
    except (FileNotDecryptedError, WrongPasswordError):
        return {"trouble": "locked"}
    except (
        PyPdfError,
        MemoryError,
        RecursionError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        OSError,
        AssertionError,
        NotImplementedError,
        ArithmeticError,
    ):
        return {"trouble": "damaged"}


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
