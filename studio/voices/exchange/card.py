"""A voice as a picture that people can pass on: a PNG that shows its facts and carries the voice itself in a chunk.

The chunk is `iTXt` with the keyword `timbre-voice`, compressed: the SHA-256 of the JSON that follows on the next line,
then the JSON of `.voice.json` with the clip inside. Services that shrink pictures throw such chunks away; then the
picture is only a picture, and we say so.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterator

from studio.voices.exchange.bounded import json_of, wrong
from studio.voices.exchange.carried import Carried
from studio.voices.exchange.own import Outgoing, carried_of, is_own, plain_of, written
from studio.words import Words

SIGNATURE = b"\x89PNG\r\n\x1a\n"
KEYWORD = b"timbre-voice"
LARGEST_CHUNK = 24 << 20  # bytes of the chunk in the file
LARGEST_VOICE = 32 << 20  # bytes of the JSON in it


def is_card(head: bytes) -> bool:
    return head.startswith(SIGNATURE)


def read_card(data: bytes, name: str) -> list[Carried]:
    """The voice in a picture. `BadFile` where there is none, or where it is damaged."""
    for kind, body, whole in _chunks(data, name):
        if kind == b"iTXt" and body.startswith(KEYWORD + b"\0"):
            if not whole:
                raise _damaged(name)
            return [_carried(body, name)]
    raise wrong(
        name,
        "this picture carries no voice: it is another picture, or a service that it went through took the voice out; "
        "ask for the file as it was made, in a ZIP perhaps",
        "这张图片里没有音色数据：它可能是普通图片，或在传输时被平台压缩掉了；请索取原图（可打包成 ZIP 发送）",
    )


def _chunks(data: bytes, name: str) -> Iterator[tuple[bytes, bytes, bool]]:
    """(kind, body, whether its checksum fits) of each chunk up to the end of the picture."""
    at = len(SIGNATURE)
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        body, tail = data[at + 8 : at + 8 + length], data[at + 8 + length : at + 12 + length]
        if len(tail) < 4:
            break
        if kind == b"IEND":
            return
        ours = kind == b"iTXt" and length <= LARGEST_CHUNK
        yield kind, body, ours and zlib.crc32(kind + body) == struct.unpack(">I", tail)[0]
        at += 12 + length
    raise wrong(name, "the picture is cut off; get it again", "图片不完整；请重新获取")


def _carried(body: bytes, name: str) -> Carried:
    """The voice in the chunk: flag, method, language and translated keyword come before it."""
    flags, rest = body[len(KEYWORD) + 1 : len(KEYWORD) + 3], body[len(KEYWORD) + 3 :]
    parts = rest.split(b"\0", 2)
    if flags != b"\1\0" or len(parts) != 3:
        raise _damaged(name)
    unpack = zlib.decompressobj()
    try:
        text = unpack.decompress(parts[2], LARGEST_VOICE + 66)
    except zlib.error as error:
        raise _damaged(name) from error
    if unpack.unconsumed_tail:
        raise wrong(
            name,
            f"its voice unpacks to more than {LARGEST_VOICE >> 20} MB",
            f"其中的音色数据解压后超过 {LARGEST_VOICE >> 20} MB",
        )
    told, _, plain = text.partition(b"\n")
    if not unpack.eof or told != hashlib.sha256(plain).hexdigest().encode():
        raise _damaged(name)
    found = json_of(plain, name)
    if not is_own(found):
        raise _damaged(name)
    return carried_of(found, name)


def _damaged(name: str) -> Exception:
    return wrong(
        name,
        "the voice in this picture is damaged (its checksum does not fit); get the file again",
        "图片中的音色数据已损坏（校验值不符）；请重新获取原文件",
    )


def write_card(out: Outgoing) -> tuple[bytes, tuple[Words, ...]]:
    """The picture, and what could not be drawn on it. `BadFile` where the clip is too long for a picture."""
    from studio.voices.exchange.drawing import draw

    plain = written(plain_of(out))
    if len(plain) > LARGEST_VOICE:
        raise wrong(
            out.voice.name,
            f"its clip is too large for a picture ({len(plain) >> 20} MB); export it as a pack",
            f"音频片段太大，放不进图片（{len(plain) >> 20} MB）；请导出为音色包",
        )
    picture, notes = draw(out.voice)
    text = hashlib.sha256(plain).hexdigest().encode() + b"\n" + plain
    body = KEYWORD + b"\0\1\0\0\0" + zlib.compress(text, 9)
    chunk = struct.pack(">I4s", len(body), b"iTXt") + body + struct.pack(">I", zlib.crc32(b"iTXt" + body))
    end = picture.rindex(b"IEND") - 4
    return picture[:end] + chunk + picture[end:], notes
