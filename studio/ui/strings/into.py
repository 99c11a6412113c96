"""The words of the step after an engine: said again in another voice."""

from studio.words import Words

INTO_STRINGS: dict[str, Words] = {
    "into": Words("Then in the voice of", "再换成谁的音色"),
    "into.help": Words(
        "What the voice above says is said again in this timbre: its pace and intonation stay.",
        "上面的音色先朗读，再换成这里选的音色；语速和语调保持不变。",
    ),
    "into.none": Words("its own", "不换"),
    "into.narrator": Words("as the narrator", "与旁白相同"),
    "into.gone": Words(
        "This take was said again in another voice; no engine that can is installed, so that step is left out.",
        "这个版本换过音色；当前没有可用的音色转换引擎，已略去这一步。",
    ),
}
