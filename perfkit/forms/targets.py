"""计算符号, 年初值, 调整值: how a workbook parts the 指标值 that the form keeps in one text.

What is scored against is the value after any adjustment; the first one is kept beside it.
"""

from __future__ import annotations

from perfkit.quantities import halfwidth, parse_measure

SIGNS = {
    **dict.fromkeys((">=", "≥", "≧", "⩾", "大于等于", "不低于", "不少于"), "≥"),
    **dict.fromkeys(("<=", "≤", "≦", "⩽", "小于等于", "不高于", "不超过"), "≤"),
    **dict.fromkeys(("=", "等于"), "="),
    **dict.fromkeys((">", "大于"), ">"),
    **dict.fromkeys(("<", "小于"), "<"),
    **dict.fromkeys(("", "定性", "文字描述", "无"), ""),
}
"""What may stand under 计算符号, and the sign that it puts before the value."""

NOT_ADJUSTED = (
    "无",
    "无调整",
    "未调整",
    "没有调整",
    "不调整",
    "不变",
    "同年初值",
    "同年初",
    "同左",
    "同上",
)
"""What people write under 调整值 where there was no adjustment."""

OFFERED = ("≥", "≤", "=", "定性")
"""The choices of the drop-down list."""


def joined(sign: str, first: str, adjusted: str) -> tuple[str, str, str]:
    """指标值 and 年初指标值 (empty if it was never adjusted), and what is wrong with the sign."""
    meant = SIGNS.get(halfwidth(sign))
    if meant is None:
        return (
            adjusted or first,
            first if adjusted else "",
            f"“{sign}”不是计算符号；应选 ≥、≤、= 或定性",
        )
    if halfwidth(adjusted) in NOT_ADJUSTED and first:
        return first, "", f"调整值写的是“{adjusted}”；没有调整过就留空"
    found = [_signed(meant, value) for value in (first, adjusted)]
    wrong = next((trouble for _, trouble in found if trouble), "")
    (start, _), (end, _) = found
    return end or start, start if end else "", wrong


def _signed(sign: str, value: str) -> tuple[str, str]:
    try:
        measure = parse_measure(value)
    except ValueError:
        return f"{sign}{value}", ""  # the form tells what is wrong with the number
    if not sign or measure is None:
        return value, ""  # 完成 is no number; no sign goes before it
    own = measure.direction
    if own is None and not halfwidth(value).startswith("="):
        return sign + value, ""
    same = {"≥": "higher", ">": "higher", "≤": "lower", "<": "lower"}.get(sign)
    return value, "" if own == same else f"指标值“{value}”与计算符号“{sign}”不一致，请改正一个"


def parted(target: str, initial: str) -> tuple[str, str, str]:
    """计算符号, 年初值 and 调整值 of a 指标值; `joined` makes the same of them again."""
    first, adjusted = (initial, target) if initial else (target, "")
    for sign in "≥≤=":
        if target.startswith(sign) and (not initial or initial.startswith(sign)):
            found = (sign, first.removeprefix(sign), adjusted.removeprefix(sign))
            bare = found[1] == found[1].strip() and found[2] == found[2].strip()
            if bare and joined(*found) == (target, initial, ""):
                return found
    return "", first, adjusted
