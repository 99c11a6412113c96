"""Manuscripts: books, documents, subtitles and scripts of any kind become one shape, a `Document` of sections.

Every file here is somebody else's: nothing in it names a path that is opened, no entity is expanded, and everything
has a size. `reading.read_document` is the door.
"""
