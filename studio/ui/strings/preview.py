"""The words of a manuscript that was found and is arranged."""

from studio.words import Words

PREVIEW_STRINGS: dict[str, Words] = {
    "book.chapter.read": Words("Read “{title}”", "朗读“{title}”"),
    "book.chapter.title": Words("Title of chapter {n}", "第 {n} 章的标题"),
    "book.chapter.join": Words("Join", "并入上章"),
    "book.chapter.split": Words("Split", "拆分"),
    "book.chapter.split.help": Words("Begin another chapter within it", "在其中另起一章"),
    "book.split.find": Words("Find the paragraph that begins the new chapter", "查找新一章开头的段落"),
    "book.split.more": Words("{n} more: type some of its words", "还有 {n} 段：输入其中几个字来查找"),
    "book.split.none": Words("No paragraph has these words.", "没有含这些字的段落。"),
    "book.split.title": Words("Title of the new chapter", "新一章的标题"),
    "book.split.remove": Words("Do not split here", "不在此处拆分"),
    "book.chapter.join.help": Words("Makes it part of the chapter before", "作为上一章的一部分"),
}
