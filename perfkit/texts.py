"""Texts: shortened to what a message has room for, unfolded, numbered."""

from __future__ import annotations

import re
from typing import Any

_WIDE = "[\u2e80-\u9fff\u3000-\u303f\uff00-\uffef“”‘’—…]"


def unfolded(text: str) -> str:
    """A folded YAML block joins its lines by a space, which has no place between Chinese signs."""
    return re.sub(f"(?<={_WIDE}) +(?={_WIDE})", "", text)


def shortened(text: str, longest: int) -> str:
    """The text in at most so many signs, the last one … if there are more."""
    return text if len(text) <= longest else text[: longest - 1] + "…"


def in_short(value: Any) -> str:
    """What stands in a file, as a message quotes it: one line of at most 40 signs."""
    return shortened(" ".join(str(value).split()), 40)


def numbers(rows: list[int]) -> str:
    """Rows as findings number them, from 1: 3、5."""
    return "、".join(str(i + 1) for i in rows)
