"""The words that the files are written in, and the Chinese that an analyst knows them by.

A message that lists codes says what each one means, and a field that isn't
there is answered with the one that was meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from rapidfuzz import fuzz, process

CODES = {
    "正向": "higher，越高越好",
    "反向": "lower，越低越好",
    "单位自评": "self",
    "部门评价": "department",
    "ratio": "比率计分",
    "chosen": "部门自选指标",
    "checklist": "检查清单",
    "excess": "超出扣分",
    "undecided": "由人决定",
    "full": "满分",
    "zero": "零分",
    "redistribute": "分给同组其他指标",
    "equal": "平均分配",
    "stated": "采用自评的得分",
    "floor": "不足一档不扣",
    "linear": "按比例扣",
    "ceil": "不足一档按一档扣",
    "points": "百分点",
    "relative": "相对比较对象",
    "absolute": "差额取绝对值",
    "signed": "只有超出才算",
    "half_up": "四舍五入",
    "half_even": "四舍六入五成双",
    "down": "舍去",
    "indicator": "逐个指标",
    "total": "只在合计时",
}
"""What a code of the form or of a rubric means."""

FIELDS = {
    "部门": "name",
    "单位": "name",
    "单位名称": "name",
    "年度": "year",
    "年份": "year",
    "预算": "budget",
    "预算数": "budget",
    "预算金额": "budget",
    "支出": "spent",
    "支出金额": "spent",
    "执行数": "spent",
    "决算": "spent",
    "决算数": "spent",
    "实际支出": "spent",
    "执行率": "rate",
    "比率": "rate",
    "年初预算": "initial",
    "结转": "carryover",
    "结余": "carryover",
    "差异率": "variance",
    "科室": "divisions",
    "处室": "divisions",
    "绩效目标": "objective",
    "总体目标": "objective",
    "指标": "indicators",
    "三级指标": "indicators",
    "目标值": "target",
    "年度指标值": "target",
    "实际完成值": "actual",
    "实际值": "actual",
    "权重": "weight",
    "得分": "score",
    "得分率": "grade",
    "等级": "grade",
    "单位自评项目": "self",
    "偏差原因": "note",
    "备注": "note",
    "原因": "reason",
    "问题": "problems",
    "建议": "measures",
    "措施": "measures",
    "上年": "previous",
    "产出": "group: output",
    "效果": "group: effect",
    "效益": "group: effect",
    "数量": "kind: quantity",
    "产出数量": "kind: quantity",
    "质量": "kind: quality",
    "产出质量": "kind: quality",
    "时效": "kind: timeliness",
    "进度": "kind: timeliness",
    "成本": "kind: cost",
    "经济效益": "kind: economic",
    "社会效益": "kind: social",
    "生态效益": "kind: environment",
    "环境效益": "kind: environment",
    "可持续影响": "kind: sustainability",
    "满意度": "kind: satisfaction",
}
"""Words of everyday use, beside the titles of the form, for the fields that they stand for."""

CLOSE = 70
"""How alike, of 100, a misspelt word is to the one that was meant."""


def with_meaning(codes: Iterable[str], meanings: Mapping[str, str] | None = None) -> str:
    """The codes, each with its meaning if it has one: ``higher（越高越好）、lower（越低越好）``."""
    known = CODES if meanings is None else meanings
    return "、".join(
        f"{code}（{known[code]}）" if known.get(code, code) != code else code for code in codes
    )


def nearest(word: str, titles: Mapping[str, str]) -> str | None:
    """The code in *titles* that *word* was meant for, by its spelling or its Chinese title."""
    spelt = re.sub("[^a-z_.]", "", word.lower())
    if len(spelt) < 3:  # a Chinese word, not a misspelt English one
        for name, title in titles.items():
            if word == title:
                return name
        if FIELDS.get(word) in titles:
            return FIELDS[word]
        for scorer, cutoff in ((fuzz.ratio, CLOSE), (fuzz.partial_ratio, 100)):
            found = process.extractOne(word, dict(titles), scorer=scorer, score_cutoff=cutoff)
            if found and len(word) > 1:
                return found[2]
        return None
    close = process.extractOne(spelt, list(titles), scorer=fuzz.ratio, score_cutoff=CLOSE)
    return close[0] if close else None
