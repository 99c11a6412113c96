"""The words of a manuscript that was found and is arranged."""

from studio.words import Words

PREVIEW_STRINGS: dict[str, Words] = {
    "book.chapter.read": Words("Read “{title}”", "朗读“{title}”"),
    "book.chapter.title": Words("Title of chapter {n}", "第 {n} 章的标题"),
    "book.chapter.join": Words("Join", "并入上章"),
    "book.chapter.join.help": Words("Makes it part of the chapter before", "作为上一章的一部分"),
}
