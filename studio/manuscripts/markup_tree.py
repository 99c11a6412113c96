"""XML of strangers as a tree: no entity is expanded, no other file is opened."""

from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from studio.errors import BadFile

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


def parse_xml(data: bytes, name: str) -> "Element":
    """The root element. `BadFile` for what is not well-formed, or declares entities of its own."""
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(data, forbid_dtd=False, forbid_entities=True, forbid_external=True)
    except DefusedXmlException as error:
        raise BadFile(
            f"{name} declares entities of its own, as attacks do; they are not expanded. Save it anew in an editor",
            f"{name} 自带实体声明（常见于攻击文件），不会展开；请用文字处理软件重新保存",
            where=name,
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise BadFile(
            f"{name} is damaged: it is not well-formed XML ({str(error)[:80]})",
            f"{name} 已损坏：XML 结构不正确（{str(error)[:80]}）",
            where=name,
        ) from error
    return root


def local(tag: object) -> str:
    """A tag without its namespace; comments and instructions have none."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element: "Element", name: str) -> str:
    """An attribute by its local name, whatever namespace it is in."""
    for key, value in element.attrib.items():
        if key.rpartition("}")[2] == name:
            return value
    return ""
