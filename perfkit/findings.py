"""审核意见: what a finding is, and every kind of finding that there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Literal, NamedTuple

from perfkit.yamlfile import shortened

if TYPE_CHECKING:
    from perfkit.department import Project

DISPLAY_PLACES = 2
"""Decimals of 万元 that the form prints."""

Level = Literal["error", "warning", "info"]
LEVELS: dict[Level, str] = {"error": "错误", "warning": "警告", "info": "提示"}

CODES = {
    "text.sign": "没有字体能印的字",
    "budget.total_budget": "资金总体全年预算数与各部分合计不符",
    "budget.total_spent": "资金总体全年执行数与各部分合计不符",
    "rate.over_100": "执行率超过100%",
    "rate.rounded_to_full": "执行率四舍五入为100%",
    "rate.stated": "所填比率与计算不符",
    "projects.none": "没有列出项目",
    "projects.budget_sum": "项目预算合计与项目支出预算不符",
    "projects.spent_sum": "项目支出合计与项目支出不符",
    "projects.unspent": "单个项目的未支出额大于项目支出总的未支出额",
    "projects.no_spending": "项目没有填写支出数",
    "projects.repeated": "项目名称重复",
    "projects.count": "项目个数与所填不符",
    "units.mixed": "金额单位不统一",
    "carryover.amount": "结转结余总额与未支出额不符",
    "carryover.no_basis": "结转结余率没有总额",
    "carryover.returned": "收回的资金计入结转结余",
    "carryover.previous": "上年结转结余率与上年参数文件不符",
    "variance.no_basis": "预决算差异率没有年初预算数",
    "variance.equals_carryover": "预决算差异率与结转结余率相同",
    "source.missing": "比率没有出处",
    "indicators.kinds_missing": "缺少某类三级指标",
    "indicators.weights_missing": "三级指标没有分值",
    "indicators.weights_sum": "三级指标分值合计不符",
    "indicators.low_target": "指标值可能偏低",
    "indicators.direction": "指标没有写明越高越好还是越低越好",
    "indicators.no_cause": "三级指标没有得满分，也没有写原因",
    "indicators.grade_unused": "评定得分率没有采用",
    "full_marks.no_figure": "满分没有可核对的数字",
    "full_marks.under_executed": "满分而预算执行不足",
    "full_marks.thin_evidence": "满分而依据单薄",
    "score.undecided": "得分待定",
    "override.above_points": "核定得分超过分值",
    "override.used": "例外核定",
    "claim.score": "自评得分与规则不符",
    "claim.sum": "自评各项得分合计不符",
    "claim.total": "自评总分与规则不符",
    "claim.total_not_in_text": "自评总分没有写进文字",
    "claim.grade": "自评等级不符",
    "narrative.missing": "文字没有填写",
    "text.number": "文字里的数字与数据不符",
    "text.date": "没有这一天",
    "statement.on_time": "按时完成与期限或支出不符",
    "statement.all_done": "全部完成与执行率不符",
    "statement.paid_in_full": "全额支付与执行率不符",
    "statement.scores": "项目得分的说法没有依据",
    "statement.problem": "所列问题没有对应的扣分",
    "leftover.year": "别的年度",
    "leftover.department": "别的部门",
    "leftover.placeholder": "没有填写的空白",
    "leftover.place": "缺少地区名",
    "leftover.repeated": "报告内文字雷同",
    "leftover.last_year": "与上年文字雷同",
    "typing.dash": "多余的破折号",
    "typing.punctuation": "标点混用",
    "typing.brackets": "括号或引号不成对",
}
"""Every kind of finding by its code, in the words of the lists; ``audit_off`` names them."""


@dataclass(frozen=True)
class Finding:
    """审核意见: a stable code, its level, a message in Chinese, the field and its place.

    `quote` is the words of the filed text that it speaks of, empty where it
    speaks of the whole field.
    """

    code: str
    level: Level
    message: str
    field: str
    where: str
    quote: str = ""

    def as_dict(self) -> dict[str, str]:
        """The machine's form."""
        return {
            "code": self.code,
            "level": self.level,
            "message": self.message,
            "where": self.where,
        }


class Raised(NamedTuple):
    """What a check yields: code, level, message, field path in the filing, the words meant."""

    code: str
    level: Level
    message: str
    field: str
    quote: str = ""


Found = Iterator[tuple[str, Level, str, str] | Raised]
"""A check's findings; a plain tuple where there are no words to point at."""


def tolerance(terms: int) -> Decimal:
    """合计容差 in 万元: half a display unit for each of the rounded terms."""
    return Decimal(5).scaleb(-DISPLAY_PLACES - 1) * terms


def named(i: int, project: Project) -> str:
    """A project as findings name it: 第3个项目“…”."""
    return f"第{i + 1}个项目“{shortened(project.name, 20)}”"


def numbers(rows: list[int]) -> str:
    """Rows as findings number them, from 1: 3、5."""
    return "、".join(str(i + 1) for i in rows)
