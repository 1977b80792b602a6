"""``perfkit rubric``: show, check and complete rubrics (评分标准)."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from perfkit.commands.shared import FAILED, FINE, wrong_use
from perfkit.errors import PerfkitError
from perfkit.files import relative_path, write_whole
from perfkit.quantities import percent, plain
from perfkit.scoring.filed import PART_NAMES
from perfkit.scoring.rubric import Rubric, load_rubric, shipped_rubrics
from perfkit.scoring.schema import editors_schema
from perfkit.scoring.setting import set_yearly
from perfkit.start.kit import SCHEMA


def arguments(parser: argparse.ArgumentParser) -> None:
    """Add what the command takes."""
    parser.add_argument(
        "words", nargs="*", metavar="名称",
        help="评分标准的名称或文件；不写则列出自带的。前面可以写 check、set 或 schema",
    )  # fmt: skip
    parser.add_argument("--source", metavar="出处", help="公布这个数的文件（用于 set）")
    parser.add_argument("--json", action="store_true", help="以 JSON 输出，供其他程序使用")


def execute(options: argparse.Namespace) -> int:
    """Run the command; its exit code."""
    words = options.words
    if words[:1] == ["set"]:
        return _set_yearly(words[1:], options.source)
    if words[:1] == ["check"]:
        return _check_rubrics(words[1:])
    if words[:1] == ["schema"]:
        return _write_schema(words[1:])
    if not words:
        for name in shipped_rubrics():
            print(f"{name}  {load_rubric(name).name}")
        return FINE
    if len(words) > 1:
        wrong_use(f"一次看一个评分标准，这里有 {len(words)} 个")
    rubric = load_rubric(words[0])
    if options.json:
        print(json.dumps(rubric.model_dump(mode="json"), ensure_ascii=False, indent=1))
        return FINE
    listed = "、".join(PART_NAMES[part] for part in rubric.parts)
    print(
        f"{rubric.name}，{plain(rubric.points)} 分；{f'资金：{listed}' if listed else '不评资金'}"
    )
    for indicator in rubric.everything:
        print(f"{indicator.name}（{indicator.id}），{rubric.most(indicator.id)}")
        rule = indicator.rule
        skipped = {
            "section": "分值分给本部分其他指标",
            "all": "分值分给全部其他指标",
            "full": "按满分计",
        }
        may = [f"不适用时{skipped[indicator.optional]}"] if indicator.optional != "no" else []
        for line in (rule.describe(rubric), *rule.listed(), *may, f"出处：{indicator.source}"):
            print(f"    {line}")
    for limit in rubric.limits:
        print(f"限制条件（{limit.id}）：{limit.text}（合格：{'是' if limit.good else '否'}）")
        print(f"    {rubric.follows(limit)}\n    出处：{limit.source}")
    for words in _beside(rubric):
        print(words)
    if rubric.figures:
        print("另填数据（figures）")
    for name, figure in rubric.figures.items():
        print(f"    {name}  {figure.asks()}")
    for key, parameter in rubric.parameters.items():
        for year, found in sorted(parameter.years.items()):
            words = f"{key}（{parameter.name}）{year}：{percent(found.value, 4)}"
            print(f"年度参数 {words}，{found.origin}")
    return FINE


def _beside(rubric: Rubric) -> list[str]:
    """What holds for the total: ceilings of 加分 and 扣分, grades, rounding."""
    own, grades = rubric.adjustments, rubric.grades
    said = [
        f"{words} {plain(most)} 分"
        for words, most in (
            ("加分合计最多", own.most_bonus),
            ("扣分合计最多", own.most_penalty),
            ("加分后总分最高", own.ceiling if own.bonus else None),
        )
        if most is not None
    ]
    named = [f"{plain(grade.floor)} 分（含）以上为{grade.label}" for grade in grades[:-1]]
    said.append(f"{rubric.words.grade}：{'，'.join([*named, f'其余为{grades[-1].label}'])}")
    return said


def _set_yearly(words: list[str], source: str | None) -> int:
    if len(words) != 4 or source is None:
        wrong_use(
            "写作 perfkit rubric set 评分标准 年度参数 年度 数值 --source 出处，"
            "如 perfkit rubric set beijing-2023 city_variance 2024 25.1% --source 市财政局通报"
        )
    made = set_yearly(words[0], words[1], words[2], words[3], source)
    path = relative_path(made.path, Path())
    print(f"{path}：{made.year} 年{made.parameter.name} {percent(made.value, 4)}")
    before = made.before
    if before is not None and (before.value, before.source) != (made.value, made.source):
        print(f"原来是 {percent(before.value, 4)}（{before.origin}），以后用新的")
    return FINE


def _write_schema(words: list[str]) -> int:
    """Let the editor's schema in this folder know rubrics of one's own: their figures and items."""
    if not words:
        wrong_use("写明评分标准的文件，如 perfkit rubric schema rubrics/示例.yaml")
    own = {Path(name).name: load_rubric(name) for name in words}
    path = Path(SCHEMA)
    if path.exists() and b'"$defs"' not in path.read_bytes():
        raise PerfkitError(f"{path} 已经有了，不是 perfkit 的字段提示，没有改写；请移走它")
    written = json.dumps(editors_schema(own), ensure_ascii=False, indent=1)
    write_whole(path, f"{written}\n".encode())
    names = "、".join(rubric.name for rubric in own.values())
    print(f"已写 {path}；编辑参数文件时，提示里有自带的评分标准和 {names}")
    return FINE


def _check_rubrics(words: list[str]) -> int:
    if not words:
        wrong_use("写明要检查的评分标准，如 perfkit rubric check rubrics/示例.yaml")
    failed = 0
    for name in words:
        try:
            rubric = load_rubric(name)
        except PerfkitError as e:
            failed += 1
            print(f"{name}：有 {len(e.faults)} 处错误")
            print(e)
            continue
        sections = "，".join(f"{each.name} {plain(each.points)} 分" for each in rubric.sections)
        count = len(rubric.indicators)
        print(
            f"{name}：没有错误；{rubric.name}，{count} 个指标，{plain(rubric.points)} 分：{sections}"
        )
        for key, parameter in rubric.parameters.items():
            years = (
                "、".join(map(str, sorted(parameter.years))) or "还没有，用 perfkit rubric set 填写"
            )
            print(f"  年度参数 {key}（{parameter.name}）：{years}")
    return FAILED if failed else FINE
