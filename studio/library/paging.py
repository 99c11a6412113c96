"""Pages of a list: what every `find` of the library gives back."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from studio.errors import BadRequest

Item = TypeVar("Item")
LARGEST_PAGE = 1000


@dataclass(frozen=True)
class Page(Generic[Item]):
    """One page of a sorted list."""

    items: tuple[Item, ...]
    total: int  # of the whole list
    page: int  # counted from 1
    size: int  # items of a full page

    @property
    def pages(self) -> int:
        """How many pages there are; an empty list has one."""
        return max(1, -(-self.total // self.size))

    def __iter__(self) -> Iterator[Item]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


def check_page(page: int, size: int) -> None:
    """`BadRequest` for a page before the first, or one of an unreasonable size."""
    if page < 1:
        raise BadRequest(f"page {page}: pages are counted from 1", f"第 {page} 页：页码从 1 开始", where="page")
    if not 1 <= size <= LARGEST_PAGE:
        raise BadRequest(
            f"page size {size}: takes 1 to {LARGEST_PAGE}", f"每页 {size} 条：应为 1 到 {LARGEST_PAGE}", where="size"
        )
