"""What a reader takes for one character: where a text may be cut when nothing else is left.

The main rules of Unicode's Annex 29 (extended grapheme clusters): marks, joiners and modifiers stay with their base,
flags are pairs, Korean letters form syllables, \\r\\n is one.
"""

import re

_EXTEND = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u0900-\u0903"
    "\u093a-\u093c\u093e-\u094f\u0962\u0963\u0981-\u0983\u09bc\u09be-\u09cd\u0e31\u0e33-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb3-\u0ebc"
    "\u0b82\u0bbe-\u0bcd\u1ab0-\u1aff\u1dc0-\u1dff\u200c\u20d0-\u20f0\u302a-\u302f\u3099\u309a\ufe00-\ufe0f\ufe20-\ufe2f"
    "\uff9e\uff9f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f\U000e0100-\U000e01ef"
)
_FLAG = "\U0001f1e6-\U0001f1ff"
_CLUSTER = re.compile(
    rf"\r\n|(?:[{_FLAG}]{{2}}|[\u1100-\u115f]+[\u1160-\u11ff\uac00-\ud7a3]*|[\uac00-\ud7a3][\u1160-\u11ff]*|.)"
    rf"(?:[{_EXTEND}]|\u200d.?)*",
    re.DOTALL,
)
_REACH = 64  # characters looked back for the start of a cluster


def cut_before(text: str, at: int, start: int) -> int:
    """The last border between clusters in `start < border <= at`; `at` itself when a single cluster fills it all."""
    if at >= len(text):
        return len(text)
    back = max(start, at - _REACH)
    best = 0
    while back > start and _joins(text, back):
        back -= 1
    for match in _CLUSTER.finditer(text, back, min(len(text), at + _REACH)):
        if match.end() > at:
            break
        best = match.end()
    if best > start:
        return best
    return back if back > start else at


def _joins(text: str, at: int) -> bool:
    """Whether a border at `at` might be inside a cluster."""
    match = _CLUSTER.match(text, at - 1, min(len(text), at + 1))
    return match is not None and match.end() > at
