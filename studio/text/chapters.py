"""Temporary."""
import re
from dataclasses import dataclass
@dataclass(frozen=True)
class Chapter:
    title: str
    text: str
    start: int
_H=re.compile(r"^(?:#+ .*|第[0-9一二三四五六七八九十百]+[章回节].*|chapter\s+\w+.*)$",re.I|re.M)
def chapters(text,title=""):
    at=[m.start() for m in _H.finditer(text)]
    if not at: return [Chapter(title,text,0)]
    out=[]
    if text[:at[0]].strip(): out.append(Chapter("",text[:at[0]],0))
    for a,b in zip(at,at[1:]+[len(text)]): out.append(Chapter(text[a:b].splitlines()[0].strip("# "),text[a:b],a))
    return out
def book_title(text):
    m=re.search(r"^(?:Title|书名)[:：]\s*(.*)$",text,re.M); return m[1] if m else text.strip().splitlines()[0][:40] if text.strip() else ""
def author(text):
    m=re.search(r"^(?:Author|作者)[:：]\s*(.*)$",text,re.M); return m[1] if m else ""
def strip_boilerplate(text): return text,()
