"""``perfkit score``: a department's points and their derivations (得分)."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from perfkit.commands.given import scored
from perfkit.commands.shared import FINE
from perfkit.commands.table import print_table
from perfkit.quantities import plain
from perfkit.scoring.scores import Score
from perfkit.scoring.stages import stage_changes


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("params", type=Path, metavar="参数文件", help="一个部门的参数文件")
    parser.add_argument("--json", action="store_true", help="以 JSON 输出，供其他程序使用")


def execute(options: argparse.Namespace) -> int:
    """Run the command; its exit code."""
    card = scored(options.params)
    if options.json:
        from perfkit.audit.examine import examine

        findings = [finding.as_dict() for finding in examine(card).findings]
        found = card.as_dict() | {"findings": findings}
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return FINE

    rows = []
    for score in card.everything:
        rows.append(_score_row(score))
        rows += [_score_row(part, part=True) for part in score.parts]
    claimed = card.department.reported.total
    rows.append(
        (
            "合计",
            plain(card.rubric.points),
            plain(card.total),
            "—" if claimed is None else plain(claimed),
            card.formula if card.adjustments or card.met() else "",
        )
    )
    title = f"{card.department.name} {card.department.year} 年度"
    print_table(title, ("指标", "分值", "得分", "自评", "推导"), rows)
    grade = f"评价等级：{card.grade or '待定'}"
    if card.open_points:
        grade += f"；另有 {plain(card.open_points)} 分待定"
    for one in card.limits:
        if one.applies is not False:
            print(f"限制条件：{one.sentence}。")
    print(f"{grade}。审核意见用 perfkit check {options.params} 查看。")
    return FINE


def _score_row(score: Score, part: bool = False) -> tuple[str, ...]:
    lines = [score.formula, f"待定：{score.undecided}" if score.open_points else ""]
    if not score.parts:
        lines += [f"扣 {plain(d.points)} 分：{d.reason}" for d in score.deductions]
    if score.stated:
        lines.append("按部门所填计分，无法复核")
    if score.override and not score.stages:
        by_rule = "待定" if score.by_rule is None else plain(score.by_rule)
        lines.append(f"{score.decision}（按规则 {by_rule}）：{score.override.reason}")
    lines += stage_changes(score)
    reported = "—" if score.reported is None else plain(score.reported)
    why = "\n".join(line for line in lines if line)
    name = f"  {score.name}" if part else score.name
    indent = "  " if part else ""
    points, awarded = score.points_words, score.awarded_words
    return f"{name}\n{indent}{score.id}", points, awarded, reported, why
