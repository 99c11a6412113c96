"""The words of the panel that says a recording in another voice."""

from studio.words import Words

CHANGING_STRINGS: dict[str, Words] = {
    "change.open": Words("Convert", "转换"),
    "change.title": Words("Say a recording in another voice", "把录音换成另一个音色"),
    "change.drop": Words("Drop a recording", "拖入一段录音"),
    "change.drop.help": Words(
        "Speech alone, without music. Words, pauses and melody stay; who speaks changes.",
        "只含人声、没有音乐的录音。内容、停顿和语调不变，只换音色。",
    ),
    "change.choose": Words("Choose a voice", "选择音色"),
    "change.working": Words("Saying it again", "正在转换"),
    "change.before": Words("Before", "转换前"),
    "change.after": Words("After", "转换后"),
    "change.download": Words("Download", "下载"),
    "change.keep": Words("Keep", "收藏"),
    "change.kept": Words("Kept", "已收藏"),
    "change.none": Words(
        "No engine that changes the voice of a recording is installed. One of these does it:",
        "尚未安装可转换录音音色的引擎。以下任一引擎都可以：",
    ),
}
