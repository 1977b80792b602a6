"""``perfkit score``: a department's points and their derivations (得分)."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from perfkit.commands.shared import FINE
from perfkit.quantities import plain
from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import score
from perfkit.scoring.scores import Score
from perfkit.scoring.stages import stage_changes


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument("params", type=Path, metavar="参数文件", help="一个部门的参数文件")
    parser.add_argument("--json", action="store_true", help="以 JSON 输出，供其他程序使用")


def execute(options: argparse.Namespace) -> int:
    """Run the command; its exit code."""
    card = score(*read_department(options.params))
    if options.json:
        from perfkit.audit.examine import examine

        findings = [finding.as_dict() for finding in examine(card).findings]
        found = card.as_dict() | {"findings": findings}
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return FINE
    print(f"{card.department.name} {card.department.year} 年度，{card.rubric.name}")
    for one in card.everything:
        _print_score(one)
        if one.open_points and (command := card.how_to_set(one)):
            print(f"    补上它：{command}")
        for part in one.parts:
            _print_score(part, "    ")
    for step in card.steps:
        print(f"{step.name}  {step.shown}，{step.words}")
    claimed = card.department.reported.total
    reported = "" if claimed is None else f"，自评 {plain(claimed)}"
    print(f"合计  {plain(card.total)} / {plain(card.rubric.points)}{reported}")
    if card.adjustments or card.met():
        print(f"    {card.formula}")
    for limited in card.limits:
        if limited.applies is not False:
            print(f"限制条件：{limited.sentence}。")
    grade = f"{card.rubric.words.grade}：{card.grade or '待定'}"
    if card.open_points:
        grade += f"；另有 {plain(card.open_points)} 分待定"
    print(f"{grade}。审核意见用 perfkit check {options.params} 查看。")
    return FINE


def _print_score(one: Score, indent: str = "") -> None:
    """The points of an indicator, below them how they come about."""
    reported = "" if one.reported is None else f"，自评 {plain(one.reported)}"
    points = f"{one.awarded_words} / {one.points_words}{reported}"
    print(f"{indent}{one.name}（{one.id}）  {points}")
    lines = [one.formula, f"待定：{one.undecided}" if one.open_points else ""]
    if not one.parts:
        lines += [f"扣 {plain(d.points)} 分：{d.reason}" for d in one.deductions]
    if one.stated:
        lines.append("按所填计分，无法复核")
    if one.override and not one.stages:
        by_rule = "待定" if one.by_rule is None else plain(one.by_rule)
        lines.append(f"{one.decision}（按规则 {by_rule}）：{one.override.reason}")
    lines += stage_changes(one)
    for line in filter(None, lines):
        print(f"{indent}    {line}")
