"""The words of the page on which many files are read at once."""

from studio.words import Words

BATCH_STRINGS: dict[str, Words] = {
    "nav.batch": Words("Batch", "批量"),
    "running.batch": Words("{name}: {done} of {files} {files:file|files}", "{name}：{done} / {files} 个文件"),
    # a new one
    "batch.drop": Words("Drop texts here, or a manifest with them", "把多个文本拖到这里，也可以带上清单"),
    "batch.drop.help": Words(
        "Any manuscript: {suffixes}. A manifest is a CSV or JSON that says for each file how it is read.",
        "支持各种文稿：{suffixes}。清单是 CSV 或 JSON，为每个文件指定读法。",
    ),
    "batch.folder": Words("Choose a whole folder", "选择整个文件夹"),
    "batch.example": Words("Try it with 12 short texts", "用 12 篇短文试试"),
    "batch.here": Words("A folder of this computer", "本机上的文件夹"),
    "batch.here.in": Words("Folder, pattern or manifest", "文件夹、通配符或清单"),
    "batch.here.out": Words("Write to (empty: keep here)", "写到（留空则保存在工坊里）"),
    "batch.here.take": Words("Use it", "使用"),
    "batch.sending": Words("Receiving {n} of {files} {files:file|files}", "正在接收第 {n} / {files} 个文件"),
    "batch.new": Words("New batch", "新批次"),
    "batch.count": Words("{n} {n:file|files}", "{n} 个文件"),
    "batch.more": Words("and {n} more", "以及另外 {n} 个"),
    "batch.withmanifest": Words(
        "The manifest decides; this holds for rows that say nothing else.", "以清单为准；清单未写明的行按这里的设置。"
    ),
    "batch.subtitles": Words("Subtitles beside", "附带字幕"),
    "batch.none": Words("None", "不需要"),
    "batch.look": Words("Dry run", "预演"),
    "batch.looking": Words("Reading the files", "正在读取文件"),
    "batch.start": Words("Start", "开始"),
    "batch.over": Words("Write over files of the same name", "覆盖同名文件"),
    # a dry run
    "batch.comes": Words("{time} of audio, ready in about {wall}", "音频约 {time}，大约 {wall} 完成"),
    "batch.comes.unknown": Words(
        "{time} of audio; how long it takes is known after the first files", "音频约 {time}；处理几个文件后才能估计用时"
    ),
    "batch.room": Words("{needed} needed, {free} free", "需要 {needed}，可用 {free}"),
    "batch.noroom": Words(
        "Not enough room: {needed} needed, {free} free. Free some space first.",
        "空间不足：需要 {needed}，可用 {free}。请先腾出空间。",
    ),
    "batch.allgood": Words("Everything can be made.", "全部可以生成。"),
    "batch.bad": Words("Cannot be made: {n}. All others can.", "有 {n} 个无法生成，其余可以。"),
    "batch.sight.new": Words("can be made", "可以生成"),
    "batch.sight.made": Words("is there already", "已存在"),
    "batch.sight.replaced": Words("will be replaced", "将覆盖"),
    "batch.sight.bad": Words("cannot be made", "无法生成"),
    # at work
    "batch.empty": Words(
        "No batch yet. Drop files above: each becomes a sound file.", "还没有批次。把文件拖到上方，每个都会变成音频。"
    ),
    "batch.progress": Words("Progress of the batch", "批次进度"),
    "batch.far": Words(
        "{done} of {files} {files:file|files} · {time} of audio", "{done} / {files} 个文件 · 音频 {time}"
    ),
    "batch.failed": Words("{n} failed", "{n} 个失败"),
    "batch.pause": Words("Pause", "暂停"),
    "batch.resume": Words("Go on", "继续"),
    "batch.retry": Words("Try failed again", "重试失败的文件"),
    "batch.cancel": Words("Cancel", "取消"),
    "batch.files": Words("Files", "文件"),
    "batch.zip": Words("All as ZIP", "全部下载（ZIP）"),
    "batch.report": Words("Report {format}", "报告 {format}"),
    "batch.remove": Words("Delete the batch “{name}”?", "删除批次“{name}”？"),
    "batch.remove.help": Words(
        "The files that the studio keeps for it are deleted as well. Files written into other folders stay.",
        "工坊为它保存的文件会一并删除；写到其他文件夹的文件不受影响。",
    ),
    "batch.state.running": Words("working", "进行中"),
    "batch.state.paused": Words("paused", "已暂停"),
    "batch.state.cancelled": Words("cancelled", "已取消"),
    "batch.state.done": Words("done", "已完成"),
    "batch.state.interrupted": Words("interrupted", "已中断"),
    "batch.show": Words("Show", "显示"),
    "batch.file.all": Words("All files", "全部文件"),
    "batch.file.waiting": Words("waiting", "等待"),
    "batch.file.working": Words("working", "进行中"),
    "batch.file.done": Words("done", "完成"),
    "batch.file.kept": Words("was there", "已存在"),
    "batch.file.failed": Words("failed", "失败"),
    "batch.file.cancelled": Words("cancelled", "已取消"),
    "batch.column.file": Words("File", "文件"),
    "batch.column.voice": Words("Voice", "音色"),
    "batch.column.state": Words("State", "状态"),
    "batch.column.length": Words("Length", "时长"),
    "batch.column.result": Words("Result", "结果"),
    "batch.nofiles": Words("No file is in this state.", "没有处于此状态的文件。"),
    "batch.hear": Words("Play {name}", "播放 {name}"),
    "batch.fetch": Words("Download {name}", "下载 {name}"),
    "batch.notlocal": Words(
        "Folders of this computer can only be named where the studio runs on it alone, without a login. Upload the"
        " files instead.",
        "只有工坊仅在本机运行且未设登录时，才能直接指定文件夹。请改为上传文件。",
    ),
}
