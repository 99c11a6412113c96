"""The words of deleted things."""

from studio.words import Words

BIN_STRINGS: dict[str, Words] = {
    "bin.title": Words("Deleted things", "已删除的内容"),
    "bin.help": Words(
        "What you delete takes room until it is removed for good. What is still used stays: a voice in a cast or among "
        "the parents of another, a take that is starred or belongs to a line.",
        "删除的内容在彻底删除之前仍占用空间。还在使用的会保留：配音表里的音色、其他音色的来源、加星或属于台词的版本。",
    ),
    "bin.none": Words("Nothing lies deleted.", "没有已删除的内容。"),
    "bin.row": Words("{n} · {size}", "{n} 个，{size}"),
    "bin.since": Words("since {time}", "最早于 {time} 删除"),
    "bin.held": Words("still used: {n}", "仍在使用：{n} 个"),
    "bin.days": Words("Remove by itself after", "自动彻底删除"),
    "bin.unit": Words("days (0: never)", "天后（0：从不）"),
    "bin.empty": Words("Remove for good", "彻底删除"),
    "bin.ask": Words("Remove for good?", "彻底删除？"),
    "bin.warn": Words("What is removed cannot be brought back.", "彻底删除后无法恢复。"),
    "bin.older": Words("Deleted more than so many days ago (0: all)", "只删除多少天前删除的（0：全部）"),
    "bin.older.unit": Words("days", "天"),
    "bin.strays": Words("Also files that belong to nothing: {n} ({size})", "同时删除 {n} 个无主文件（{size}）"),
    "bin.strays.help": Words(
        "Left by a crash, or by another database: if this library was replaced, they are what the old one knows.",
        "由异常退出留下，或属于另一个数据库：如果更换过资料库，它们就是旧资料库的内容。",
    ),
    "bin.cancel": Words("Keep it", "保留"),
    "bin.done": Words("Removed for good: {n}, {size} freed.", "已彻底删除 {n} 项，腾出 {size}。"),
    "bin.stay": Words("Still used, and kept: {n}.", "仍在使用而保留：{n} 项。"),
    "bin.failed": Words("Could not be removed: {names}", "无法删除：{names}"),
}
