"""A new parameter file, next year's from this year's, and a kit to work in."""

import io
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from command_line import perfkit

from perfkit.audit.examine import examine
from perfkit.errors import PerfkitError
from perfkit.forms.department import Reply
from perfkit.forms.workbook import read_book
from perfkit.forms.written import tree
from perfkit.scoring.params import read_department
from perfkit.scoring.rubric import load_rubric, shipped_rubrics
from perfkit.scoring.scorecard import score
from perfkit.start.kit import GUIDE, NOTEBOOKS, SAMPLE, SCHEMA, lay_out
from perfkit.start.new import new_book, new_file, next_file

ROOT = Path(__file__).parent.parent
PARAMS = [
    ROOT / "params" / f"{name}.yaml"
    for name in ("fengtai-finance-2023", "shili-street-2023", "shili-water-2023", "shili-gazetteer-2023")
]  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def missing(path):
    """What the file lacks, by line; nothing else may be wrong with it."""
    with pytest.raises(PerfkitError) as refused:
        read_department(path)
    faults = refused.value.faults
    assert {fault.message.rpartition("：")[2] for fault in faults} == {"缺少这一项，请补上"}
    return [fault.line for fault in faults]


def filled(path):
    """The filing after a person has written something in each place that *path* is said to lack."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for line in missing(path):
        key = lines[line - 1]
        assert re.fullmatch(r"[ -]*[\w]+:", key), key  # an empty field of its own
        amount = re.search("budget|spent|预算数|执行数|支出数", key)
        lines[line - 1] += " 100" if amount else " 示例"
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_department(path)


@pytest.mark.parametrize("chinese", [False, True])
@pytest.mark.parametrize("name", shipped_rubrics())
def test_a_new_file_lacks_only_what_must_be_filled_in(folder, name, chinese):
    made = new_file("示例区教育局", name, 2024, chinese)
    assert made.path == Path("params/示例区教育局-2024.yaml")
    assert made.missing == len(missing(made.path))
    department, rubric = filled(made.path)
    assert (department.name, department.year) == ("示例区教育局", 2024)
    kinds = {(row.group, row.kind) for row in department.indicators}
    groups = rubric.groups.items()
    assert kinds == {(group, kind.id) for group, choice in groups for kind in choice.kinds}
    # What nobody answered or claimed is neither.
    assert department.checks == {}
    assert set(department.answers.values()) <= {Reply()}
    assert department.reported.projects is None


def test_a_new_file_asks_every_question_of_the_rubric(folder):
    text = new_file("x.yaml", "beijing-2023", 2024).path.read_text(encoding="utf-8")
    rubric = load_rubric("beijing-2023")
    for item in rubric.items.values():
        assert f"# {item.text}（合格：" in text
        assert f"    {item.id}:\n" in text
    for indicator in rubric.indicators:
        assert f"      {indicator.id}:\n" in text


@pytest.mark.parametrize("rubric", ["beijing-2023", "dazhou"])
def test_a_new_file_has_no_english_where_chinese_was_asked_for(folder, rubric):
    text = new_file("示例局", rubric, 2024, chinese=True).path.read_text(encoding="utf-8")
    keys = re.findall(r"^ *(?:- )?([^#\s][^:]*):", text, re.MULTILINE)
    assert [key for key in keys if key.isascii()] == []


def test_a_new_file_in_a_kit_finds_the_schema(folder):
    lay_out(folder)
    first = (
        new_file("示例局", "beijing-2023", 2024).path.read_text(encoding="utf-8").splitlines()[0]
    )
    assert (folder / "params" / first.partition("$schema=")[2]).resolve() == folder / SCHEMA


def test_a_rubric_of_one_s_own_is_named_from_the_file_s_folder(folder, rubric_file):
    own = rubric_file({}).relative_to(folder)
    made = new_file("示例局", str(own), 2024)
    assert filled(made.path)[0].rubric == "../rubric.yaml"
    # A workbook is written beside it, and put into params/ when it is filled in.
    assert load_rubric("rubric.yaml", made.path.parent) == load_rubric(str(own))
    with pytest.raises(PerfkitError, match=r"找不到文件“rubic\.yaml”"):
        load_rubric("rubic.yaml", made.path.parent)


def test_what_a_rubric_asks_for_itself_is_in_the_file_and_goes_on(folder, rubric_file, filing):
    asked = {"posts": {"name": "编制数", "unit": "人"}, "share": {"name": "压减率", "unit": "%"}}
    own = rubric_file({"figures": asked}).relative_to(folder)
    text = new_file("示例局", str(own), 2024).path.read_text(encoding="utf-8")
    assert "    # 编制数（单位人）\n    posts:\n" in text
    text = new_file("示例局二", str(own), 2024, chinese=True).path.read_text(encoding="utf-8")
    assert "    编制数:\n" in text
    path = filing({"rubric": "../rubric.yaml", "figures": {"posts": "48人", "share": "12.50%"}})
    assert tree(read_department(path)[0])["figures"] == {"posts": "48人", "share": "12.50%"}
    text = next_file(path, "y.yaml", None, None).path.read_text(encoding="utf-8")
    assert "    # 上年（2023年度）：12.50%\n    share:\n" in text


def test_a_file_that_is_there_stays_as_it_is(folder):
    made = new_file("示例局", "beijing-2023", 2024)
    before = made.path.read_bytes()
    done = perfkit("new", "示例局", "--rubric", "beijing-2023", "--year", "2024")
    assert done.returncode == 1
    assert "已经有了，没有改动" in done.stderr
    assert made.path.read_bytes() == before


def test_a_new_book_stands_where_a_new_file_would(folder, rubric_file):
    own = str(rubric_file({}).relative_to(folder))
    for name in ("示例局", "elsewhere/示例.xlsx"):
        done = perfkit("new", name, "--rubric", own, "--year", "2024", "--book")
        assert done.returncode == 0, done.stderr
    path = Path("params/示例局-2024.xlsx")
    (blank,) = read_book(path).filings.values()
    assert (blank.tree["name"], blank.tree["rubric"]) == ("示例局", "../rubric.yaml")
    (blank,) = read_book(Path("elsewhere/示例.xlsx")).filings.values()
    assert "name" not in blank.tree
    before = path.read_bytes()
    for ending in ("", "--book"):  # a file's report and the book's would have one name
        done = perfkit("new", "示例局", "--rubric", own, "--year", "2024", *filter(None, [ending]))
        assert (done.returncode, f"{path} 已经有了" in done.stderr) == (1, True)
    assert [*path.parent.iterdir()] == [path]
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["示例局"], "缺少 --rubric 评分标准、--year 年度；如 perfkit new"),
        ([], "缺少 名称、--rubric 评分标准、--year 年度"),
        (["示例局", "--rubric", "beijing-2023", "--year", "24"], "--year 应在 2000 到 2100 之间"),
        (["--from", "nowhere.yaml"], "找不到 nowhere.yaml"),
    ],
)
def test_without_a_terminal_what_is_missing_is_wrong_use(folder, monkeypatch, given, said):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    done = perfkit("new", *given)
    assert done.returncode == 2
    assert said in done.stderr
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "rubric", "said"),
    [
        ("a:b.yaml", "beijing-2023", "在 Windows 上不能用"),
        ("index.yaml", "beijing-2023", "perfkit 自己用的"),
        ("summary.xlsx", "beijing-2023", "perfkit 自己用的"),
        ("示例局", "shanghai", "没有名为“shanghai”的评分标准"),
    ],
)
def test_what_can_not_be_used_is_told(folder, name, rubric, said):
    make = new_book if name.endswith("x") else new_file
    with pytest.raises(PerfkitError, match=said):
        make(name, rubric, 2024)
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo terminal")
def test_on_a_terminal_it_asks(folder):
    import pty

    ours, theirs = pty.openpty()
    asking = subprocess.Popen(
        [sys.executable, "-m", "perfkit", "new"],
        stdin=theirs, stdout=subprocess.PIPE, cwd=folder, env=os.environ | {"PYTHONUTF8": "1"},
    )  # fmt: skip
    # A rubric that there isn't, and a year that is none, are asked again.
    os.write(ours, "示例局\nshanghai\n\n去年\n2024\n".encode())
    out = asking.communicate(timeout=60)[0].decode()
    os.close(ours)
    os.close(theirs)
    assert "没有名为“shanghai”的评分标准" in out
    assert "“去年”" in out
    assert asking.returncode == 0
    assert filled(folder / "params" / "示例局-2024.yaml")[0].rubric == "beijing-2023"


@pytest.fixture(params=PARAMS, ids=lambda path: path.stem)
def this_year(request, folder):
    """A filing that has no last year of its own beside it."""
    path = folder / "params" / request.param.name
    path.parent.mkdir()
    text = request.param.read_text(encoding="utf-8")
    path.write_text(re.sub(r"^  previous: .*\n", "", text, flags=re.MULTILINE), encoding="utf-8")
    return path


def test_next_year_keeps_names_and_takes_nothing_for_its_own(this_year):
    before = read_department(this_year)[0]
    made = next_file(this_year, None, None, None)
    assert made.path.name == this_year.name.replace("2023", "2024")
    after, rubric = filled(made.path)
    assert (after.name, after.year, after.objective) == (before.name, 2024, before.objective)
    if before.divisions:
        assert after.divisions == before.divisions
    if before.projects:
        assert [p.name for p in after.projects] == [p.name for p in before.projects]
    kept = [(row.group, row.kind, row.name) for row in before.indicators]
    assert [(row.group, row.kind, row.name) for row in after.indicators][: len(kept)] == kept
    assert {p.spent for p in after.projects} <= {None}
    assert (after.checks, after.reported.total, after.overrides) == ({}, None, ())
    own = {path: text for path, text in after.texts.items() if "duties" not in path}
    assert set(own) <= {"objective"}
    # Last year's file is at hand, and the rate that was worked out of it holds.
    assert after.last_year.model_dump() == before.model_dump()
    found = {finding.code for finding in examine(score(after, rubric)).findings}
    assert "carryover.previous" not in found


def test_what_was_last_year_s_stands_in_comments(folder, model):
    made = next_file(model, "x.yaml", None, 2024)
    text = made.path.read_text(encoding="utf-8")
    comments = "".join(line.strip(" #") for line in text.splitlines() if line.strip()[:1] == "#")
    before = read_department(model)[0]
    for project in before.projects:
        for paragraph in project.narrative.splitlines():
            assert paragraph.strip() in comments
    assert before.narrative.measures.splitlines()[0].strip() in comments
    assert "上年（2023年度）：14874.19" in comments


def test_next_year_is_the_one_after(folder, model):
    done = perfkit("new", "--from", model, "--year", "2025")
    assert done.returncode == 1
    assert "是 2023 年度的，下一年度是 2024，--year 写的是 2025" in done.stderr


def test_a_kit_is_laid_out_and_what_is_there_stays(folder):
    (folder / "kit").mkdir()
    (folder / "kit" / "README.md").write_text("自己的说明", encoding="utf-8")
    code, said, _ = perfkit("init", "kit")
    assert code == 0
    assert f"已有 {Path('kit/README.md')}，没有改动" in said
    assert (folder / "kit" / "README.md").read_text(encoding="utf-8") == "自己的说明"
    for name in (*NOTEBOOKS, SAMPLE, SCHEMA):
        assert (folder / "kit" / name).is_file()
    assert read_department(folder / "kit" / SAMPLE)[0].year == 2023
    done = perfkit("init", "kit")
    assert done.returncode == 0
    assert "已写" not in done.stdout


def test_the_wheel_holds_what_a_kit_is_laid_out_of(tmp_path):
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(tmp_path / "installed")
    env = os.environ | {"PYTHONPATH": str(tmp_path / "installed"), "PYTHONUTF8": "1"}
    subprocess.run(
        [sys.executable, "-m", "perfkit", "init", "kit"],
        cwd=tmp_path, env=env, check=True, capture_output=True,
    )  # fmt: skip
    for name in (*NOTEBOOKS, GUIDE):
        assert (tmp_path / "kit" / name).read_bytes() == (ROOT / name).read_bytes()
    assert (tmp_path / "kit" / "README.md").is_file()
    assert not (tmp_path / "installed" / "notebooks").exists()
