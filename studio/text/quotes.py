"""Who says what in a story: quotes in prose and their speakers, found by rule, offline, each with a confidence.

A quote is given to the name beside a verb of saying (“……”阿Q说; “…,” said Alice). What stands without one is given to
whoever spoke in the same paragraph, to the one whom a pronoun means, or in turn to the two who talk; with less
confidence each time, so that a person looks where it is needed.
"""

# Word lists and expressions below are tables.
# ruff: noqa: SIM905, E501

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from studio.text.language import HAN, base, speakable

NAMED, SAME, PRONOUN, ACTION, TURN = 0.95, 0.85, 0.6, 0.55, 0.45  # confidence of each way to find a speaker
LONG_ZH = 4  # characters of a Chinese name that has to come more than once
LONGEST_QUOTE = 4000  # characters; a sign that nothing closes opens no quote
PAUSE_PARAGRAPHS = 2  # of narration, after which nobody's turn it is any more


@dataclass(frozen=True)
class Said:
    """A stretch of a paragraph: narration, or what somebody says, with its quotation marks."""

    text: str
    speaker: str = ""  # "" is the narrator
    confidence: float = 1.0  # of the speaker, 0..1
    quoted: bool = False


@dataclass(frozen=True)
class Figure:
    """Somebody who speaks, and what the words around tell of them."""

    name: str
    quotes: int
    gender: str = ""  # female, male; "" where nothing tells
    age: str = ""  # child, old


_QUOTES = re.compile(
    rf"“[^“”]{{1,{LONGEST_QUOTE}}}”|「[^「」]{{1,{LONGEST_QUOTE}}}」|『[^『』]{{1,{LONGEST_QUOTE}}}』"
    rf"|(?<![A-Za-z0-9])\"[^\"]{{1,{LONGEST_QUOTE}}}\"(?![A-Za-z0-9])"
    rf"|(?<![^\W_])‘(?:[^‘’]|(?<=\w)’(?=\w)|(?<=[a-z]s)’(?= [a-z]))"
    rf"{{1,{LONGEST_QUOTE}}}’(?!\w)"
)
_OPEN = re.compile("[“「『][^“”「」『』]*$")  # a paragraph whose quote goes on in the next one

_VERBS_ZH = (
    "说 道 问 答 喊 叫 嚷 骂 喝 吼 唱 念 叹 笑 哭 劝 催 回答 答应 答道 问道 说道 笑道 喊道 叫道 骂道 喝道 叹道 嚷道 吩咐 解释 "
    "补充 反驳 嘀咕 嘟囔 嘟哝 咕哝 自语 自言自语 低语 叹息 叹气 追问 反问 质问 询问 打断 插嘴 插话 开口 接口 接话 应道 应声 "
    "回应 回道 安慰 命令 警告 提醒 抱怨 感叹 惊呼 大叫 大喊 大笑 冷笑 苦笑 尖叫 呵斥 呵道 斥道 宣布 介绍 嘲笑 讥笑 赞叹 招呼 "
    "发话 表示 告诉 想 心想 暗想 想道 說 問 問道 說道 罵 罵道 嘆 嘆道 講 應道 應聲 回應 叫喊 吩咐道"
).split()
_HOW_ZH = (
    "又 也 便 就 才 却 还 忽然 突然 连忙 赶紧 急忙 慌忙 马上 立刻 终于 于是 这才 只好 只得 不由 不禁 微微 轻轻 慢慢 缓缓 淡淡 "
    "默默 狠狠 悄悄 轻声 低声 高声 大声 小声 细声 柔声 厉声 沉声 颤声 齐声 朗声 失声 应声 冷冷 笑着 哭着 喊着 叫着 叹着 笑 哭 "
    "怒 冷 苦 大 急 忙 高 低 接着 跟着 继续 反复 一面 一边 对他 对她 对我 对我们 对他们 向他 向她 向我 跟他 跟她 跟我 问他 问她 又是 只 再 先 常 都 "
    "很 正 即 且 遂 乃 因 摇头 点头 摇着头 点着头 叹了口气 叹口气 想了想 愣了一下 皱着眉 红着脸 回过头 抬起头 低着头 转过身"
).split()
_ZH = rf"""(?P<name>[{HAN}A-Za-z·]{{1,8}}?)
    (?:(?:(?:非常|十分|很|有些|有点)?[{HAN}]{{1,4}}[地的]|{"|".join(sorted(_HOW_ZH, key=len, reverse=True))}){{0,4}})
    (?P<verb>{"|".join(sorted(_VERBS_ZH, key=len, reverse=True))})"""
_ZH_BEFORE = re.compile(
    rf"(?:^|[。！？；，、：…”」』\s—])(?:{_ZH})(?:了|着|过)?(?:一?[声句番]|起来|一下)?(?:道|说|：)?[：:，,\s]*$",
    re.VERBOSE,
)
_ZH_AFTER = re.compile(
    rf"^[，,\s]*(?:{_ZH})(?:了|着)?(?:一?[声句]|起来)?(?:道|说)?(?=[，。！？；：…\s、]|$|着|[{HAN}]{{0,12}}[，。！？])",
    re.VERBOSE,
)
_TITLED_ZH = re.compile(
    rf"[{HAN}]{{1,2}}(?:太爷|先生|太太|老爷|小姐|姑娘|夫人|师傅|掌柜|嫂|婆|妈|婶|叔|伯|哥|姐|爷)(?![{HAN}]?[的家])|阿[A-Z{HAN}]|[小老][A-Z]"
)
_NOT_NAMES_ZH = frozenset(
    (
        "有人 别人 人们 大家 众人 人家 什么 怎么 这么 那么 这样 那样 一个 所以 因为 但是 可是 然而 于是 忽然 突然 如果 虽然 "
        "于 但 可 而 则 因 故 且 然 只 便 就 却 又 也 还 才 都 是 不 没 有 在 和 与 对 向 被 把 让 给 来 去 到 从 一 这 那 其 之 "
        "心里 心中 嘴里 口里 口中 自己 连 再 先 常 听 敢 能 会 要 可以 应该 不能 不敢 一面 一边 他们的 仿佛 似乎 好像 总是 也许 "
        "人 说 话 声音 听说 据说 或者 接着 后来 然后 最后 一会儿 随即 便又 便是 就是 这里 那里 终于 只是 不过"
    ).split()
)
_INSIDE_ZH = re.compile("[的了着过吗呢吧啊么是不没把被这那就都也很在对向从]")  # signs that no name holds
_PRONOUNS_ZH = {
    "他": "male",
    "她": "female",
    "我": "",
    "它": "",
    "他们": "",
    "她们": "",
    "我们": "",
    "咱": "",
    "俺": "",
}

_VERBS_EN = (
    "said says asked asks replied answered cried shouted whispered called exclaimed added continued muttered murmured "
    "remarked inquired enquired observed began thought interrupted suggested repeated growled sighed laughed screamed "
    "yelled snapped agreed explained insisted demanded wondered declared announced returned pleaded begged warned "
    "admitted protested gasped groaned sobbed grumbled hissed mumbled pursued rejoined retorted responded "
    "stammered told put went"
).split()
_TITLES_EN = r"(?:Mr|Mrs|Ms|Miss|Dr|Sir|Lady|Lord|Captain|Capt|Professor|Prof|Aunt|Uncle|King|Queen|Prince|Princess|Father|Mother|Old|Young|Little)\.?"
_NAME_EN = rf"(?:(?:(?:[Tt]he|[Oo]ld|[Yy]oung|[Pp]oor|[Dd]ear) )?{_TITLES_EN} [A-Z][\w’'-]+(?: [A-Z][\w’'-]+)?|(?:[Tt]he|[Aa]n?|[Hh]is|[Hh]er|[Mm]y|old|young|little|poor|dear) (?:[A-Za-z]+[ -]){{0,2}}[A-Za-z]+|[A-Z][\w’'-]+(?: (?:of |the |de |von )?[A-Z][\w’'-]+){{0,2}})"
_WHO_EN = rf"(?P<name>{_NAME_EN}|[Hh]e|[Ss]he|[Tt]hey|I|[Ww]e)"
_VERB_EN = rf"(?:had |has )?(?:{'|'.join(_VERBS_EN)})"
_ADVERB_EN = r"(?:\w+ly |then |at last |once more |only |just )?"
_EN_AFTER = re.compile(
    rf"^[,\s—-]*(?:{_VERB_EN} (?P<first>{_WHO_EN})\b|(?P<second>{_WHO_EN.replace('name', 'other')}) {_ADVERB_EN}{_VERB_EN}\b)"
)
_EN_BEFORE = re.compile(
    rf"(?:^|[.!?;:,’”\"]\s+|—|\b(?:and|but|so|then|when|while|as) )(?:{_WHO_EN}) {_ADVERB_EN}{_VERB_EN}\b[^.!?\n]{{0,60}}[,:—]?\s*$"
)
_NOT_NAMES_EN = frozenset(
    "It There This That These Those What Which Who When Where Why How But And Then So The Here Now Yes No Well Oh Ah If As At In On Of To For With From By Not".split()
)
_NO_NAME_EN = frozenset("in with to at as and of on for from by but that who which very so then again once".split())
_PRONOUNS_EN = {"he": "male", "she": "female", "they": "", "i": "", "we": ""}

_FEMALE = re.compile(
    r"(?:太太|小姐|姑娘|嫂|婆|妈|娘|奶奶|姐|妹|夫人|女士|阿姨|婶|姨|公主|皇后|王后|女王|女巫|女孩|妇人)$|^(?:Mrs|Ms|Miss|Lady|Aunt|Queen|Princess|Mother)\b"
    r"|\b(?:woman|girl|lady|wife|mother|sister|daughter|aunt|queen|princess|duchess|nurse|grandmother)$",
    re.IGNORECASE,
)
_MALE = re.compile(
    r"(?:先生|老爷|太爷|爷|叔|伯|哥|弟|公子|少爷|和尚|道士|爸|爹|父亲|舅|国王|王子|男孩|汉子|老头|将军|掌柜)$|^(?:Mr|Sir|Lord|Captain|Capt|Uncle|King|Prince|Father)\b"
    r"|\b(?:man|boy|gentleman|husband|father|brother|son|uncle|king|prince|duke|grandfather)$",
    re.IGNORECASE,
)
_OLD = re.compile(
    r"^老[^师板]|(?:爷爷|奶奶|婆婆|老头|太爷|老人|外公|外婆)|\bold\b|grand(?:mother|father)", re.IGNORECASE
)
_CHILD = re.compile(r"(?:孩子?|男孩|女孩|娃|童)$|^小(?!姐)|\b(?:boy|girl|child|kid)$|^little\b", re.IGNORECASE)


def names(paragraphs: Iterable[str], language: str) -> Counter[str]:
    """Everybody who speaks in a story, with how often that is said; for `spoken`, which sees a chapter at a time."""
    return _names([_split(paragraph) for paragraph in paragraphs], base(language) in ("zh", "yue"))


def spoken(paragraphs: Sequence[str], language: str, known: Counter[str] | None = None) -> list[list[Said]]:
    """Each paragraph as stretches of narration and speech; joined, they are the paragraph.

    `known` are the `names` of the whole story, where these paragraphs are a part of it.
    """
    chinese = base(language) in ("zh", "yue")
    parts = [_split(paragraph) for paragraph in paragraphs]
    talk = _Talk(chinese, _names(parts, chinese) if known is None else known)
    return [talk.heard(row) for row in parts]


def figures(rows: Sequence[Sequence[Said]]) -> list[Figure]:
    """Those who speak, the most talkative first, with hints of gender and age from names and pronouns."""
    quotes = Counter(said.speaker for row in rows for said in row if said.quoted and said.speaker)
    told: dict[str, Counter[str]] = {name: Counter() for name in quotes}
    for row in rows:
        names = {said.speaker for said in row if said.quoted and said.speaker}
        if len(names) == 1:
            around = " ".join(said.text for said in row if not said.quoted)
            counter = told[names.pop()]
            counter["female"] += len(re.findall(r"她|\b(?:she|her|herself)\b", around, re.IGNORECASE))
            counter["male"] += len(re.findall(r"他(?!们)|\b(?:he|him|himself)\b", around, re.IGNORECASE))
    return [Figure(name, count, _gender(name, told[name]), _age(name)) for name, count in quotes.most_common()]


def _gender(name: str, told: Counter[str]) -> str:
    if _FEMALE.search(name):
        return "female"
    if _MALE.search(name):
        return "male"
    (best, most), *rest = told.most_common() or [("", 0)]
    return best if most >= 2 and most > 2 * sum(count for _, count in rest) else ""


def _age(name: str) -> str:
    return "old" if _OLD.search(name) else "child" if _CHILD.search(name) else ""


def _split(paragraph: str) -> list[Said]:
    """Narration and quotes. Words in quotation marks that are no speech (a term, a title) stay narration."""
    found: list[Said] = []
    at = 0
    for match in _QUOTES.finditer(paragraph):
        if not _is_speech(paragraph, match):
            continue
        if match.start() > at:
            found.append(Said(paragraph[at : match.start()]))
        found.append(Said(match[0], confidence=0.0, quoted=True))
        at = match.end()
    rest = paragraph[at:]
    if (left := _OPEN.search(rest)) and speakable(left[0]):  # it goes on in the next paragraph
        if left.start():
            found.append(Said(rest[: left.start()]))
        found.append(Said(left[0], confidence=0.0, quoted=True))
    elif rest or not found:
        found.append(Said(rest))
    return found


def _is_speech(paragraph: str, match: re.Match[str]) -> bool:
    """A quote is speech if it ends as one does, fills its paragraph, or follows a colon; a quoted word is not."""
    inside = match[0][1:-1].strip()
    before, after = paragraph[: match.start()].rstrip(), paragraph[match.end() :].lstrip()
    if not speakable(inside):
        return False
    if inside[-1] in "。！？!?…，,.—-～" or before.endswith(("：", ":")):
        return True
    return not before and (not after or len(inside) > 6)


class _Talk:
    """A conversation as it goes on, paragraph after paragraph."""

    def __init__(self, chinese: bool, known: Counter[str]) -> None:
        self._chinese = chinese
        self._known = known
        self._last: list[str] = []  # the two who spoke last, the later one last
        self._genders: dict[str, str] = {name: _gender(name, Counter()) for name in known}
        self._quiet = 0  # paragraphs of narration since somebody spoke
        self._mentioned = ""  # who was named last in the narration

    def heard(self, row: list[Said]) -> list[Said]:
        if not any(said.quoted for said in row):
            self._quiet += 1
            self._mention(row)
            return row
        named = self._named(row)
        whole = named or self._by_action(row) or self._by_turn()
        self._quiet = 0
        result = []
        for at, said in enumerate(row):
            if not said.quoted:
                result.append(said)
                continue
            own = self._beside(row, at)
            speaker, confidence = own or (whole if whole else ("", 0.0))
            if own is None and named is not None:
                confidence = min(confidence, SAME)
            result.append(replace(said, speaker=speaker, confidence=confidence))
            self._remember(speaker)
        self._mention(row)
        return result

    def _remember(self, speaker: str) -> None:
        if speaker and (not self._last or self._last[-1] != speaker):
            self._last = [*self._last[-1:], speaker]

    def _mention(self, row: list[Said]) -> None:
        words = "".join(said.text for said in row if not said.quoted)
        names = [(words.rfind(name), name) for name in self._known if name in words]
        if names:
            self._mentioned = max(names)[1]

    def _named(self, row: list[Said]) -> tuple[str, float] | None:
        """The first speaker that this paragraph names outright."""
        return next((own for at, said in enumerate(row) if said.quoted and (own := self._beside(row, at))), None)

    def _beside(self, row: list[Said], at: int) -> tuple[str, float] | None:
        """Who is named right after this quote, or right before it."""
        after = row[at + 1].text if at + 1 < len(row) and not row[at + 1].quoted else ""
        before = row[at - 1].text if at and not row[at - 1].quoted else ""
        name = _after(after, self._chinese) or _before(before, self._chinese)
        if not name:
            return None
        pronouns = _PRONOUNS_ZH if self._chinese else _PRONOUNS_EN
        if (key := name if self._chinese else name.lower()) in pronouns:
            if key in ("我", "i"):
                return name, SAME
            meant = self._meant(pronouns[key])
            return (meant, PRONOUN) if meant else None
        return (name, NAMED) if name in self._known else None

    def _meant(self, gender: str) -> str:
        """Whom a pronoun means: the last one named whose gender does not speak against it."""
        row = [self._mentioned, *reversed(self._last)]
        fitting = [name for name in row if name and self._genders.get(name, "") in ("", gender)]
        if fitting and gender:
            self._genders[fitting[0]] = self._genders.get(fitting[0]) or gender
        return fitting[0] if fitting else ""

    def _by_action(self, row: list[Said]) -> tuple[str, float] | None:
        """Who does something in the same paragraph: “阿Q站起来。“走！””."""
        words = "".join(said.text for said in row if not said.quoted)
        if self._chinese and (titled := _TITLED_ZH.match(words)):
            return titled[0], ACTION
        first = sorted((words.find(name), name) for name in self._known if name in words)
        return (first[0][1], ACTION) if first and (first[0][0] == 0 or len(first) == 1) else None

    def _by_turn(self) -> tuple[str, float] | None:
        """The other one of the two who talk."""
        if len(self._last) < 2 or self._quiet > PAUSE_PARAGRAPHS:
            return None
        return self._last[0], TURN


def _names(parts: list[list[Said]], chinese: bool) -> Counter[str]:
    """Everybody who is named beside a verb of saying, with how often."""
    found: Counter[str] = Counter()
    pronouns = _PRONOUNS_ZH if chinese else _PRONOUNS_EN
    whole = "\n".join(said.text for row in parts for said in row)
    if chinese:
        titled = Counter(match[0] for match in _TITLED_ZH.finditer(whole) if not _INSIDE_ZH.search(match[0]))
        found |= Counter({name: count for name, count in titled.items() if count >= 3})
    for row in parts:
        for at, said in enumerate(row):
            if said.quoted:
                for name in _around(row, at, chinese):
                    if (name if chinese else name.lower()) not in pronouns:
                        found[name] += 1
    if chinese:  # a long one that never comes again is what somebody does, not who: “抢进几步说”
        return Counter({n: c for n, c in found.items() if len(n) < LONG_ZH or whole.count(n) > 1})
    return found


def _around(row: list[Said], at: int, chinese: bool) -> Iterator[str]:
    if (at + 1 < len(row) and (name := _after(row[at + 1].text, chinese))) or (
        at and (name := _before(row[at - 1].text, chinese))
    ):
        yield name


def _before(text: str, chinese: bool) -> str:
    if chinese:
        match = _ZH_BEFORE.search(text[-60:])
        return _checked_zh(match["name"]) if match else ""
    match = _EN_BEFORE.search(text[-160:])
    return _checked_en(match["name"]) if match else ""


def _after(text: str, chinese: bool) -> str:
    if chinese:
        match = _ZH_AFTER.search(text[:40])
        return _checked_zh(match["name"]) if match else ""
    match = _EN_AFTER.search(text[:120])
    return _checked_en(match["first"] or match["second"]) if match else ""


def _checked_zh(name: str) -> str:
    if name in _PRONOUNS_ZH:
        return name
    if name in _NOT_NAMES_ZH or _INSIDE_ZH.search(name) or name[0] in "他她它我你":
        return ""
    return name


def _checked_en(name: str) -> str:
    """Without article, and without what the expression took along: “the Dodo in an offended tone” is Dodo."""
    words = name.split()
    if words[0].lower() in ("the", "a", "an", "his", "her", "my"):
        words = words[1:]
    large = [at for at, word in enumerate(words) if word[0].isupper()]
    if large:  # “the old White Rabbit”, “old Mrs. Hill”: the words with capitals that stand together
        end = large[0]
        while end + 1 in large:
            end += 1
        words = words[large[0] : end + 1]
    for at, word in enumerate(words):
        if at and (word in _NO_NAME_EN or word in _VERBS_EN or word.endswith("ly")):
            words = words[:at]
            break
    if not words or words[0] in _NOT_NAMES_EN or words[0] in _NO_NAME_EN or words[-1].lower() in _VERBS_EN:
        return ""
    return " ".join(words)
