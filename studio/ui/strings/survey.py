"""The words of measured voices: plots, sliders, likeness, near-duplicates, the map."""

from studio.words import Words

SURVEY_STRINGS: dict[str, Words] = {
    # tools above the wall
    "survey.sound": Words("Sound", "声音"),
    "survey.sound.help": Words(
        "Only measured voices are found by these: {n} of {total}.", "这些滑块只查找已测量的音色：{n} / {total} 个。"
    ),
    "survey.none": Words(
        "No voice is measured yet. Measured ones can be found by how they sound.",
        "还没有测量过音色。测量之后，就可以按声音查找。",
    ),
    "survey.rest": Words("Measure the other {n}", "测量其余 {n} 个"),
    "survey.measuring": Words("Measuring", "正在测量"),
    "survey.measured": Words("Measured: {n}", "已测量 {n} 个"),
    "survey.notmeasured": Words("Could not be measured:", "未能测量："),
    "survey.more": Words("and {n} more", "另有 {n} 项"),
    "survey.reset": Words("Reset the sliders", "重置滑块"),
    "survey.from": Words("{name}, from", "{name}，最低"),
    "survey.to": Words("{name}, to", "{name}，最高"),
    "survey.likeclip": Words("Like a clip", "按录音查找"),
    "survey.likeclip.help": Words(
        "Drop a recording here to find the voices that sound like it.", "把一段录音拖到这里，查找与它相似的音色。"
    ),
    "survey.map": Words("Map", "地图"),
    "survey.twins": Words("Near-duplicates", "近似重复"),
    # what was found
    "survey.like": Words("Like this", "找相似"),
    "survey.liked": Words("Like {name}", "与“{name}”相似"),
    "survey.looking": Words("Listening", "正在试听"),
    "survey.nobody": Words("No other voice is measured yet.", "还没有测量过其他音色。"),
    "survey.alike": Words("{n} % alike", "相似 {n}%"),
    "survey.among": Words(
        "Among the {n} measured of {total} {total:voice|voices}.", "在 {total} 个音色中已测量的 {n} 个里查找。"
    ),
    "survey.same": Words("one and the same", "完全相同"),
    "survey.notwins": Words("No two voices are so much alike.", "没有近似重复的音色。"),
    "survey.comparing": Words("Comparing", "正在比较"),
    # the map
    "map.help": Words(
        "Near voices sound alike. Each shape is a group. Choose a point to see its voice.",
        "距离近的音色听起来相似，每种形状是一组。点选一个点查看音色。",
    ),
    "map.shown": Words(
        "{n} {n:voice|voices}; the plane shows {share} % of their differences.",
        "共 {n} 个音色；平面图表现了 {share}% 的差异。",
    ),
    "map.some": Words("{n} of {total} are drawn.", "只画出 {total} 个中的 {n} 个。"),
    "map.group": Words("Group {n}", "第 {n} 组"),
    "map.group.facts": Words(
        "{count} {count:voice|voices} around {hz} Hz, such as {name}", "{count} 个，约 {hz} Hz，如“{name}”"
    ),
    "map.group.plain": Words("{count} {count:voice|voices}, such as {name}", "{count} 个，如“{name}”"),
    # the measures of one voice
    "measure.title": Words("How it speaks", "声音测量"),
    "measure.begin": Words("Measure", "测量"),
    "measure.again": Words("Measure again", "重新测量"),
    "measure.help": Words(
        "The voice says one sentence six times, six sentences and six longer texts.",
        "让音色把一句话说六遍，再读六句话和六段长文本。",
    ),
    "measure.pitch": Words("Pitch", "音高"),
    "measure.span": Words("from low to high {n} semitones", "高低相差 {n} 个半音"),
    "measure.pace": Words("Pace", "语速"),
    "measure.level": Words("Level", "响度"),
    "measure.stability": Words("Stability", "稳定度"),
    "measure.syllables": Words("{n} syllables a second", "每秒 {n} 个音节"),
    "measure.percent": Words("{n} %", "{n}%"),
    "measure.hint": Words("Hint from the pitch alone: {text}", "仅从音高推测：{text}"),
    "measure.strip": Words(
        "Each bar is a take: the higher, the more it sounds like the voice as a whole.",
        "每条竖线是一次朗读：越高，越像这个音色的整体声音。",
    ),
    "measure.nopitch": Words("no pitch is heard, as in a whisper", "听不到音高，如耳语"),
    "measure.facts": Words("Measured in {language} with {encoder}", "测试语言：{language}；声纹：{encoder}"),
}
