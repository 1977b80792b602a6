"""A report's data as DataFrames, with Chinese columns, for tables, charts and questions of one's own.

Money (万元), rates (1 is 100 %) and points are float copies, for showing and
plotting. No score is ever computed from a frame: each is a fresh copy, and what
is changed in it changes nothing but what is drawn of it (`perfkit.report.exact`
says how its words stay exact).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perfkit.audit.examine import Audit, examine
from perfkit.audit.findings import LEVELS
from perfkit.errors import PerfkitError
from perfkit.forms.codes import FINDINGS
from perfkit.report.exact import framed
from perfkit.report.last_year import last_year_shares
from perfkit.scoring.filed import PART_NAMES
from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import Scorecard, score
from perfkit.scoring.scores import Score, walk
from perfkit.scoring.units import departments_above, unit_names, units_of

if TYPE_CHECKING:
    import pandas as pd

ENDINGS = (".yaml", ".yml")


@dataclass(frozen=True)
class Frames:
    """一份报告的数据表（DataFrame）；每次取都是一份新的，改了不影响报告和得分."""

    card: Scorecard
    audit: Audit

    @property
    def budget(self) -> pd.DataFrame:
        """One row a part of 资金总体: 部分, 预算, 支出, 未支出 (万元), 执行率; 上年支出 with last year's file.

        基本支出、项目支出、其他支出各一行，不含合计，评分标准不分部分的是一张空表；执行率 1 即 100%；有上年参数文件的才有“上年支出”一列.
        """
        last = self.card.department.last_year
        rows = [
            {
                "部分": PART_NAMES[key],
                "预算": part.budget,
                "支出": part.spent,
                "未支出": part.unspent,
                "执行率": part.execution_rate,
                "上年支出": last.budget.parts[key].spent
                if last and key in last.listed_parts
                else None,
            }
            for key, part in self.card.budget_parts.items()
        ]
        names = ("预算", "支出", "未支出", "执行率", *(("上年支出",) if last else ()))
        amounts = dict.fromkeys(names, Decimal)
        return framed(rows, {"部分": str, **amounts})

    @property
    def units(self) -> pd.DataFrame:
        """One row a 二级单位: 单位, 预算, 支出, 未支出, 执行率, 结转结余, 项目数, 得分, 等级, 文件.

        金额单位万元；没有填写的为空（NaN）；没有填 units 的是一张空表；评分标准不评资金的没有金额和执行率各列.
        """
        rows = [
            {
                "单位": unit.name,
                **self._money(
                    {
                        "预算": unit.budget.overall.budget if unit.has_money else None,
                        "支出": unit.budget.overall.spent if unit.has_money else None,
                        "未支出": unit.budget.overall.unspent if unit.has_money else None,
                        "执行率": unit.budget.overall.execution_rate,
                        "结转结余": unit.budget.carryover.amount,
                    }
                ),
                "项目数": unit.projects,
                "得分": unit.score,
                "等级": unit.grade,
                "文件": unit.file,
            }
            for unit in units_of(self.card)
        ]
        names = ("预算", "支出", "未支出", "执行率", "结转结余")
        amounts = self._money(dict.fromkeys(names, Decimal))
        last = {"项目数": int, "得分": Decimal, "等级": str, "文件": str}
        return framed(rows, {"单位": str, **amounts, **last})

    @property
    def projects(self) -> pd.DataFrame:
        """One row a project, numbered as in the report: 项目, 评价方式, 预算, 支出, 执行率, 评价得分, 开始日期, 结束日期.

        金额单位万元；没有填支出数而填了执行率的，支出据此推算；都没有填的为空（NaN）；
        评分标准不评资金的没有预算、支出、执行率三列.
        """
        rows = [
            {
                "项目": project.name,
                "评价方式": project.evaluation,
                **self._money(
                    {
                        "预算": project.budget,
                        "支出": project.executed,
                        "执行率": project.execution_rate,
                    }
                ),
                "评价得分": project.score,
                "开始日期": project.starts,
                "结束日期": project.ends,
            }
            for project in self.card.department.projects
        ]
        amounts = self._money(dict.fromkeys(("预算", "支出", "执行率"), Decimal))
        amounts["评价得分"] = Decimal
        days = dict.fromkeys(("开始日期", "结束日期"), date)
        return framed(rows, {"项目": str, "评价方式": str, **amounts, **days})

    @property
    def indicators(self) -> pd.DataFrame:
        """One row a 三级指标 that the department set: 指标, 所属, 指标值, 完成值, 方向, 分值, 得分, 扣分, 扣分原因, 说明.

        待定的得分为空（NaN）.
        """
        rows = [
            {
                "指标": part.name,
                "所属": of.name,
                "指标值": part.indicator.with_unit(part.indicator.target),
                "完成值": part.indicator.with_unit(part.indicator.actual),
                "方向": part.direction,
                **_points(part),
                "说明": part.indicator.note,
            }
            for of in self.card.scores
            for part in of.parts
            if part.indicator is not None
        ]
        texts = dict.fromkeys(("指标", "所属", "指标值", "完成值", "方向"), str)
        return framed(rows, {**texts, **_POINTS, "扣分原因": str, "说明": str})

    @property
    def scores(self) -> pd.DataFrame:
        """One row an indicator of the rubric: 指标, 编号, 类别, 分值, 得分, 扣分, 自评, 扣分原因; 上年得分率 with last year's file.

        类别是“指标”“加分项”“扣分项”或“总分”；后三种的分值为 0，加的得分为正，扣的为负：上限、限制条件、
        合计的舍入使总分变化的，也各占一行，所以得分一列合计就是总分.
        待定的得分为空（NaN）；自评是部门所填，没有填的为空。有上年参数文件的才有“上年得分率”一列：上年同名指标的得分÷分值，
        1 即满分，上年没有或待定的为空.
        """
        before = last_year_shares(self.card)
        rows = [
            {
                "指标": one.name,
                "编号": one.id,
                "类别": PARTS[one.sign],
                **_points(one),
                "自评": one.reported,
                "上年得分率": before.get(one.name),
            }
            for one in self.card.everything
        ]
        rows += [
            {"指标": step.name, "类别": "总分", **_change(step.change), "扣分原因": step.words}
            for step in self.card.steps
        ]
        texts = dict.fromkeys(("指标", "编号", "类别"), str)
        last: dict[str, type] = {"上年得分率": Decimal} if self.card.last_year else {}
        return framed(rows, {**texts, **_POINTS, "自评": Decimal, **last, "扣分原因": str})

    @property
    def stages(self) -> pd.DataFrame:
        """One row a score that a stage gave: 环节, 责任人, 日期, 指标, 编号, 分值, 此前得分, 得分, 理由.

        自评不在里面，见 scores 的自评一列；没有填 stages 的是一张空表.
        """
        rows = [
            {
                "环节": given.stage.name,
                "责任人": given.stage.person,
                "日期": given.stage.date,
                "指标": one.name,
                "编号": one.id,
                "分值": one.points,
                "此前得分": given.before,
                "得分": given.points,
                "理由": given.reason,
            }
            for i in range(len(self.card.department.stages))
            for one in walk(self.card.scores)
            for given in [one.stages[i]]
            if given.given
        ]
        points = dict.fromkeys(("分值", "此前得分", "得分"), Decimal)
        named = {"环节": str, "责任人": str, "日期": date, "指标": str, "编号": str}
        return framed(rows, {**named, **points, "理由": str})

    @property
    def findings(self) -> pd.DataFrame:
        """One row a finding of the audit (审核意见): 级别, 意见, 位置, 编号, 字段."""
        rows = [
            {
                "级别": LEVELS[finding.level],
                "意见": finding.message,
                "位置": finding.where,
                "编号": finding.code,
                "字段": finding.field,
            }
            for finding in self.audit.findings
        ]
        return framed(rows, dict.fromkeys(("级别", "意见", "位置", "编号", "字段"), str))

    def _money(self, columns: dict[str, Any]) -> dict[str, Any]:
        """Columns of money, where the rubric evaluates any."""
        return columns if self.card.rubric.has_money else {}


_POINTS = dict.fromkeys(("分值", "得分", "扣分"), Decimal)


PARTS = {0: "指标", 1: "加分项", -1: "扣分项"}
"""What a score is called by its sign."""


def _change(points: Decimal | None) -> dict[str, Any]:
    """得分 and 扣分 of what changes the sum of the indicators."""
    lost = None if points is None else max(-points, Decimal(0))
    return {"分值": Decimal(0), "得分": points, "扣分": lost}


def _points(one: Score) -> dict[str, Any]:
    if one.sign:
        points = None if one.awarded is None else one.counted
        return {**_change(points), "扣分原因": one.undecided or one.verdict}
    lost = None if one.awarded is None else one.points - one.awarded
    reasons = "；".join(deduction.reason for deduction in one.lost)
    return {"分值": one.points, "得分": one.awarded, "扣分": lost, "扣分原因": reasons}


def district(params: str | Path | Iterable[str | Path] = "../params") -> pd.DataFrame:
    """一份参数文件一行: 部门, 所属部门, 年度, 评分标准, 得分, 满分, 得分率, 等级, 自评得分, 自评等级, 执行率, 预算, 支出, 项目数, 各指标得分, 待定分值, 错误, 警告, 提示, 审核意见, 文件, 问题.

    金额单位万元，执行率 1 即 100%，评分标准不评资金的为空；各指标得分一列一项，如“预算执行率得分”，别的评分标准没有的为空；加分项为正，扣分项为负，
    上限、限制条件使总分变化的也有一列，所以各列合计就是得分。满分不同的按“得分率”比较，1 即满分。
    “所属部门”写的是哪个部门的二级单位，它的数已在那个部门里：合计全区、按部门统计时只取 ``frame[frame["所属部门"] == ""]``.
    “审核意见”是这份参数文件的各条意见属于哪一种，用“；”连接；各条的原文见 ``report.frames.findings``.

    参数文件有错的也占一行，免得统计时不知不觉少了部门：“问题”里是全部错误，数值都为空（NaN）；
    ``frame[frame["问题"] != ""]`` 就是要改的那些.

    Args:
        params: a folder of parameter files, a file, or a list of files.

    Raises:
        PerfkitError: in Chinese, if there is no parameter file, or none without faults.
    """
    files = _files(params)
    rows: list[dict[str, Any]] = []
    faults: list[str] = []
    listed = []
    for path in files:
        try:
            card = score(*read_department(path))
        except PerfkitError as e:
            faults.append(str(e))
            rows.append({"部门": path.stem, "文件": path.name, "问题": str(e)})
        else:
            rows.append(_department(card, path))
            department = card.department
            listed.append((department.year, department.name, unit_names(department)))
    if len(faults) == len(files):
        raise PerfkitError("\n".join(faults))
    over = departments_above(listed)
    for row in rows:
        row["所属部门"] = over.get((row.get("年度"), row["部门"]), "")
    points = dict.fromkeys(name for row in rows for name in row if name not in _DISTRICT)
    columns: dict[str, type] = {}
    for name, kind in _DISTRICT.items():
        # Before what is open of them: the points of each indicator.
        columns |= dict.fromkeys(points, Decimal) if name == "待定分值" else {}
        columns[name] = kind
    return framed(rows, columns)


_DISTRICT: dict[str, type] = {
    "部门": str, "所属部门": str, "年度": int, "评分标准": str, "得分": Decimal, "满分": Decimal, "得分率": Decimal,
    "等级": str, "自评得分": Decimal, "自评等级": str,
    "执行率": Decimal, "预算": Decimal, "支出": Decimal, "项目数": int, "待定分值": Decimal,
    **dict.fromkeys(LEVELS.values(), int), "审核意见": str, "文件": str, "问题": str,
}  # fmt: skip


def _department(card: Scorecard, path: Path) -> dict[str, Any]:
    department, findings = card.department, examine(card).findings
    overall, reported = department.budget.overall, department.reported
    money = card.rubric.has_money
    levels = Counter(finding.level for finding in findings)
    return {
        "部门": department.name,
        "年度": department.year,
        "评分标准": card.rubric.name,
        "得分": card.total,
        "满分": card.rubric.points,
        "得分率": card.total / card.rubric.points,
        "等级": card.grade or "待定",
        "自评得分": reported.total,
        "自评等级": reported.grade,
        "执行率": overall.execution_rate if money else None,
        "预算": overall.budget if money else None,
        "支出": overall.spent if money else None,
        "项目数": len(department.projects),
        **{f"{name}得分": points for name, points in card.counted.items()},
        "待定分值": card.open_points,
        **{words: levels[level] for level, words in LEVELS.items()},
        "审核意见": "；".join(FINDINGS[finding.code] for finding in findings),
        "文件": path.name,
    }


def _files(params: str | Path | Iterable[str | Path]) -> list[Path]:
    given = [params] if isinstance(params, (str, Path)) else list(params)
    files: list[Path] = []
    for path in map(Path, given):
        inside = path.iterdir() if path.is_dir() else ()
        files += sorted(
            one
            for one in inside
            if one.suffix.lower() in ENDINGS and not one.name.startswith((".", "~$"))
        )
        if not path.is_dir():
            files.append(path)
    if not files:
        raise PerfkitError(
            f"{'、'.join(map(str, given)) or '所给的列表'} 里没有参数文件（.yaml）；"
            "district() 要一个文件夹，或参数文件的列表"
        )
    return files
