"""The emotion that a line seems to ask for, by its words, its signs, and how the story says that it is spoken.

A suggestion to be looked through, never more: it is given where two hints agree or one is plain, and "" otherwise.
"""

# Word lists below are tables.
# ruff: noqa: E501

import re
from collections import Counter

PLAIN = 2  # points from which a suggestion is made

_TOLD: dict[str, str] = {  # how the narration says it is spoken: two points
    "angry": "怒|骂|吼|喝道|斥|咆哮|厉声|恶狠狠|愤|shouted|yelled|snapped|growled|angrily|furious|in a rage|roared",
    "sad": "哭|泣|哽咽|叹|悲|伤心|呜咽|流泪|含泪|sobbed|cried|wept|sighed|sadly|in tears|mournful|tearful",
    "happy": "笑|高兴|喜|乐呵|开心|欢|laughed|smiled|grinned|happily|cheerful|merrily|delighted|with a smile",
    "fearful": "颤声|发抖|战战兢兢|害怕|惊恐|哆嗦|trembling|stammered|frightened|fearfully|in terror|shivering|terrified",
    "surprised": "惊呼|惊讶|吃惊|诧异|愣|吓了一跳|gasped|exclaimed|astonished|surprised|in amazement|startled",
    "excited": "大喊|喊道|兴奋|激动|欢呼|嚷|cheered|excitedly|eagerly|breathless",
    "whisper": "低声|悄悄|小声|耳语|压低|轻声|whispered|murmured|in a low voice|under (?:his|her) breath|softly",
    "gentle": "柔声|温柔|安慰|轻轻地|gently|tenderly|soothingly|kindly",
    "serious": "沉声|严肃|正色|郑重|冷冷|gravely|seriously|solemnly|sternly|coldly",
    "calm": "平静|淡淡|缓缓|从容|calmly|quietly|coolly|evenly",
    "disgusted": "嫌|恶心|鄙夷|厌恶|啐|呸|with disgust|sneered|contemptuously|scornfully",
}
_SAID: dict[str, str] = {  # what is said itself: one point each
    "angry": "混蛋|滚|该死|岂有此理|可恶|浑小子|畜生|你敢|damn|how dare|get out|shut up|idiot|fool",
    "sad": "呜|对不起|可怜|再也|永别|死了|唉|alas|sorry|miss you|never again|poor|lonely|goodbye",
    "happy": "哈哈|嘻|太好了|真棒|恭喜|谢谢|haha|wonderful|great news|hooray|congratulations|lovely|thank you",
    "fearful": "救命|别过来|不要啊|鬼|怕|help|don’t hurt|don't hurt|afraid|oh no|please no",
    "surprised": "什么？|怎么会|竟然|不会吧|天哪|咦|啊？|what\\?|really\\?|impossible|good heavens|oh my|can’t be|can't be",
    "excited": "快看|快来|冲啊|太棒|万岁|加油|come on|hurry|look!|at last|we did it|yes!",
    "disgusted": "呸|恶心|啐|ugh|disgusting|yuck|filthy",
    "gentle": "乖|别怕|没事的|好孩子|there, there|don’t worry|don't worry|my dear|hush",
}
_TOLD_RE = {mood: re.compile(words, re.IGNORECASE) for mood, words in _TOLD.items()}
_SAID_RE = {mood: re.compile(words, re.IGNORECASE) for mood, words in _SAID.items()}
_SHOUT = re.compile(r"[!！]{2,}|[!！]\s*[”’」』\"]?\s*$")
_DOUBT = re.compile(r"[?？][!！]|[!！][?？]")


def mood(said: str, told: str = "") -> str:
    """The emotion (a name of `declarations.EMOTIONS`) of what is said; `told` is the narration beside it."""
    points: Counter[str] = Counter()
    for name, pattern in _TOLD_RE.items():
        if told and pattern.search(told):
            points[name] += 2
    for name, pattern in _SAID_RE.items():
        points[name] += min(2, len(pattern.findall(said)))
    if _DOUBT.search(said):
        points["surprised"] += 2
    elif _SHOUT.search(said):
        for name in ("angry", "excited", "surprised", "happy", "fearful"):
            points[name] += points[name] > 0  # it says how strong, not which
        if len(re.findall("[!！]", said)) >= 3 and not +points:
            points["excited"] += 2
    best, most = max(points.items(), key=lambda one: one[1], default=("", 0))
    rivals = [name for name, count in points.items() if count == most]
    return best if most >= PLAIN and len(rivals) == 1 else ""
