"""The page that teaches writing a rubric: what it shows is true, and every command of it works."""

import json
import re
import shlex
from decimal import Decimal
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
import yaml
from pydantic import TypeAdapter

from perfkit.cli import main
from perfkit.scoring.figures import Figure
from perfkit.scoring.filed import known_figures
from perfkit.scoring.kinds import AnyRule
from perfkit.scoring.kinds.chosen import Chosen, Kind
from perfkit.scoring.kinds.kind import Item
from perfkit.scoring.params import read_department
from perfkit.scoring.rubric import (
    Adjustments,
    Chapters,
    Grade,
    Limit,
    Rounding,
    Rubric,
    RubricIndicator,
    Section,
    Words,
    load_rubric,
)
from perfkit.scoring.scorecard import score

PAGE = (Path(__file__).parent.parent / "RUBRICS.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
YAML = [text for kind, text in BLOCKS if kind == "yaml"]
COMMANDS = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]
RUBRIC, FILLED = YAML[0], YAML[-1]
RULES = [text for text in YAML[1:-1] if text.startswith("kind:")]
(BESIDE,) = [text for text in YAML[1:-1] if text not in RULES]
ALL_KINDS = get_args(get_args(AnyRule)[0])
POINTS = re.findall(r"^\| (\w+) \| [^|]+ \| ([\d.]+) \|$", PAGE, re.MULTILINE)


@pytest.fixture
def kit(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rubrics").mkdir()
    (tmp_path / "rubrics" / "shili.yaml").write_text(RUBRIC, encoding="utf-8")
    return tmp_path


def run(command):
    """Its exit code, as typed at a prompt."""
    program, *words = shlex.split(command)
    assert program == "perfkit"
    with pytest.raises(SystemExit) as ended:
        main(words)
    return ended.value.code


def test_the_way_of_the_page_leads_to_the_scores_that_it_works_out(kit, filing, complete, capsys):
    check, to_set, new, to_score = COMMANDS
    assert [run(check), run(to_set), run(new)] == [0, 0, 0]
    assert "没有错误" in capsys.readouterr().out
    # The department of the page: what the rubric doesn't ask is left out of the complete filing.
    filled = yaml.load(FILLED, Loader=yaml.BaseLoader)
    path = filing(
        {**filled, "rubric": "../rubrics/shili.yaml", "reported": None}, "示例局-2023.yaml"
    )
    card = score(*read_department(path))
    assert {s.id: str(s.awarded.normalize()) for s in card.scores} == {
        name: str(Decimal(points).normalize()) for name, points in POINTS
    }
    assert (card.total, card.grade) == (Decimal("93.63"), "优")
    assert f"合计 {card.total} 分，等级为{card.grade}" in PAGE
    assert run(to_score) == 0


def test_what_a_new_file_asks_is_what_the_rubric_asks(kit):
    check, _, new, _ = COMMANDS
    assert [run(check), run(new)] == [0, 0]
    text = (kit / "params" / "示例局-2023.yaml").read_text(encoding="utf-8")
    for path in ("staff", "posts", "violations", "rule_contract"):
        assert re.search(rf"^ +{path}:$", text, re.MULTILINE)
    assert "rubric: ../rubrics/shili.yaml" in text


@pytest.mark.parametrize("text", RULES, ids=[yaml.safe_load(text)["kind"] for text in RULES])
def test_every_other_rule_of_the_page_can_be_put_into_the_rubric(kit, text):
    tree = yaml.load(RUBRIC, Loader=yaml.BaseLoader)
    # In the place of 在职人员控制率, of 5 points.
    tree["sections"][0]["indicators"][0]["rule"] = yaml.load(text, Loader=yaml.BaseLoader)
    path = kit / "other.yaml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    assert load_rubric(str(path)).indicators[0].rule.kind == yaml.safe_load(text)["kind"]


def test_the_page_names_and_shows_every_kind():
    kinds = {get_args(k.model_fields["kind"].annotation)[0] for k in get_args(get_args(AnyRule)[0])}
    assert set(re.findall(r"\| `(\w+)` \S+ \|$", PAGE, re.MULTILINE)) == kinds
    shown = {yaml.safe_load(text)["kind"] for text in RULES}
    shown |= set(re.findall(r"^ +kind: (\w+)$", RUBRIC, re.MULTILINE))
    assert shown == kinds
    for text in RULES:
        TypeAdapter(AnyRule).validate_python(yaml.load(text, Loader=yaml.BaseLoader))


REFERENCE = PAGE.partition("## 四、查字段")[2]


def named_in(row):
    """The fields that the rows of the reference with this head name."""
    rows = re.findall(r"^\| (.+?) \| (.+) \|$", REFERENCE, re.MULTILINE)
    found = [said for head, said in rows if row in re.split("、", head)]
    assert found, row
    return set(re.findall(r"`(\w+)`", " ".join(found)))


RECORDS = {
    "文件开头": Rubric,
    "`words`": Words,
    "`chapters`": Chapters,
    "`rounding`": Rounding,
    "`grades` 的一项": Grade,
    "`figures` 的一项": Figure,
    "`sections` 的一项": Section,
    "指标": RubricIndicator,
    "`adjustments`": Adjustments,
    "`limits` 的一项": Limit,
    "`items` 的一项": Item,
    "`kinds` 的一项": Kind,
}
RECORDS |= {f"`{get_args(k.model_fields['kind'].annotation)[0]}`": k for k in ALL_KINDS}


@pytest.mark.parametrize(("row", "record"), RECORDS.items(), ids=RECORDS)
def test_the_reference_names_every_field(row, record):
    missing = {*record.model_fields} - {"kind"} - named_in(row)
    if issubclass(record, Chosen):
        missing -= {"kinds"}
    assert not missing


def test_the_figures_of_the_reference_are_those_that_a_rule_may_name():
    rubric = load_rubric("beijing-2023")
    told = set(re.findall(r"`(\w+(?:\.\w+)+)`", REFERENCE)) - {"figures.编号"}
    assert told <= {*known_figures(rubric)}
    # The parts have the same as the whole.
    known = {re.sub(r"\.(basic|project|other)\.", ".total.", f) for f in known_figures(rubric)}
    assert known - told <= {"reported.total"}


SLIPS = [
    (
        "          deduct: 0.5\n",
        "          deduct: 0.5\n          under: 5%\n",
        "excess（超出扣分）的规则没有这个字段，可写的有：of（分子）、to（分母）",
    ),
    ("          difference: absolute\n", "", "写了减数（less），还要写差额的算法（difference）"),
    (
        "{label: 优, floor: 90}",
        "{label: 优, lowest: 90, floor: 90}",
        "没有这个字段，可写的有：label、also、floor（下限）",
    ),
    ("kind: tiers", "kind: tier", "规则种类不在可选的范围内"),
    ("          kind: occurrences\n", "", "缺少规则种类（kind）"),
    ("        points: 15", "        points: 16", "“过程”各指标合计 31 分，与该部分 30 分不符"),
    ("of: figures.staff\n", "of: figures.staf\n", "没有“staf”，是不是 figures.staff"),
    ("      - id: rules", "      － id: rules", "列表项的开头是“－”"),
    ("name: 预算调整率", "nmae: 预算调整率", "没有这个字段，是不是 name（指标名称）"),
    ("points: 10\n    indicators:", "points: 10\n    indicator:", "是不是 indicators（指标）"),
    ("{when: ≤10%,", "{when: 10%以内,", "条件“10%以内”读不懂"),
    ("floor: 0}", "floor: 10}", "等级的下限应由高到低排列，最后一个为 0"),
    (
        "over: city_variance",
        "over: city_varianc",
        "比较对象“city_varianc”既不是年度参数，也不是参数文件里的比率，是不是 city_variance；",
    ),
    ("over: city_variance", "over: 全市平均差异率", "，是不是 city_variance；"),
    ("to: figures.posts", "to: posts", "参数文件里没有字段“posts”，是不是 figures.posts"),
]


@pytest.mark.parametrize(("right", "wrong", "said"), SLIPS, ids=[wrong for _, wrong, _ in SLIPS])
def test_one_slip_is_told_once_by_its_cause(kit, capsys, right, wrong, said):
    path = kit / "rubrics" / "shili.yaml"
    assert right in RUBRIC
    path.write_text(RUBRIC.replace(right, wrong, 1), encoding="utf-8")
    assert run(COMMANDS[0]) == 1
    counted, message = capsys.readouterr().out.splitlines()
    assert counted.endswith("有 1 处错误")
    assert said in message


def test_what_stands_beside_the_sections_changes_total_and_grade(kit, filing):
    tree = yaml.load(RUBRIC, Loader=yaml.BaseLoader) | yaml.load(BESIDE, Loader=yaml.BaseLoader)
    path = kit / "rubrics" / "shili.yaml"
    path.write_text(yaml.safe_dump(tree, allow_unicode=True), encoding="utf-8")
    filled = yaml.load(FILLED, Loader=yaml.BaseLoader)
    filled["answers"]["honours"] = {"count": "2"}
    filled["checks"]["discipline"] = "是"
    filed = {**filled, "rubric": str(path), "reported": None}
    assert run("perfkit rubric set rubrics/shili.yaml city_variance 2023 2% --source 示例") == 0
    card = score(*read_department(filing(filed)))
    assert (card.total, card.grade) == (Decimal("95.63"), "中")


def test_the_editors_schema_follows_a_rubric_of_ones_own(kit, capsys):
    (command,) = re.findall(r"`(perfkit rubric schema [^`]*)`", PAGE)
    assert run(command) == 0
    schema = json.loads((kit / "department.schema.json").read_text(encoding="utf-8"))
    fields = schema["$defs"]["Department"]["properties"]
    assert fields["figures"]["properties"]["posts"]["description"].startswith(
        "编制数（单位人，整数"
    )
    assert "rule_assets" in fields["checks"]["properties"]
    assert "violations" in fields["answers"]["properties"]
    assert "lawful" in fields["checks"]["properties"]  # what comes with perfkit stays
    part = {"budget": 1, "spent": 1}
    filed = {"name": "示例局", "year": 2023, "rubric": "../rubrics/shili.yaml"}
    filed |= {
        "figures": {"posts": 50},
        "budget": dict.fromkeys(("basic", "project", "other"), part),
    }
    validator = jsonschema.Draft202012Validator(schema)
    assert list(validator.iter_errors({"department": filed})) == []
    del filed["budget"]["other"]
    assert list(validator.iter_errors({"department": filed}))
    (kit / "department.schema.json").write_text("{}", encoding="utf-8")
    assert run(command) == 1
    assert "没有改写" in capsys.readouterr().err
