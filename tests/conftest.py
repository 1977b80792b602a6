"""A small complete filing without an error or warning, changed copies of it, and a browser."""

import copy
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from command_line import warm_process
from hypothesis import settings
from playwright.sync_api import sync_playwright

from perfkit.audit.examine import examine
from perfkit.batch.documents import FORMATS
from perfkit.batch.execute import import_nbformat, make_report
from perfkit.batch.plan import WARM
from perfkit.batch.workers import Job
from perfkit.scoring.params import read_department
from perfkit.scoring.rubric import SHIPPED, load_rubric
from perfkit.scoring.scorecard import score

# jsonschema makes forty grammars of web addresses, 2 s in every process that imports nbformat, if it
# finds the package for them: here neither this process finds it nor those that it starts.
import_nbformat()
_LIGHTER = str(Path(__file__).with_name("lighter"))
if _LIGHTER not in os.environ.get("PYTHONPATH", ""):
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [_LIGHTER, os.environ.get("PYTHONPATH")])
    )

# A busy machine takes its time.
settings.register_profile("perfkit", deadline=None)
settings.load_profile("perfkit")

# 195 ÷ 200 × 20 = 19.5; everything else in full: 19.5 + 60 + 20 = 99.5.
FILING = """
name: 示例局
year: "2023"
rubric: beijing-2023
divisions: [{name: 综合科, duties: 综合协调}]
objective: 服务示例区
budget:
  basic: {budget: "100", spent: "98"}
  project: {budget: "60", spent: "57"}
  other: {budget: "40", spent: "40"}
  total: {budget: "200", spent: "195", rate: 97.5%}
  initial: "190"
  carryover: {amount: "5", previous_rate: 3%, previous_source: 2022年度部门决算}
projects:
  - {name: 甲, budget: "40", spent: "38", rate: 95%, narrative: 甲已完成}
  - {name: 乙, budget: "20", spent: "19", rate: 95%, narrative: 乙已完成}
indicators:
  - {group: output, kind: quantity, name: 培训, target: 10场, actual: 10场, weight: "8"}
  - {group: output, kind: quality, name: 合格率, target: 90%, actual: 90%, weight: "8"}
  - {group: output, kind: timeliness, name: 按期, target: 完成, actual: 完成, weight: "7"}
  - {group: output, kind: cost, name: 人均成本, target: ≤500元, actual: 500元, weight: "7"}
  - {group: effect, kind: economic, name: 带动投资, target: 2亿元, actual: 2亿元, weight: "6"}
  - {group: effect, kind: social, name: 就业, target: 30人, actual: 30人, weight: "6"}
  - {group: effect, kind: environment, name: 减排, target: 达成, actual: 达成, weight: "6"}
  - {group: effect, kind: sustainability, name: 机制, target: 完成, actual: 完成, weight: "6"}
  - {group: effect, kind: satisfaction, name: 满意度, target: ≥90%, actual: 92%, weight: "6"}
checks:
  {rules_complete: 是, internal_rules_sound: 是, accounting_rules_sound: 是, lawful: 是,
   payments_approved: 是, large_spending_appraised: 是, approved_purpose: 是, diverted: 否,
   procurement_followed: 是, official_card_followed: 是, accounts_real: 是,
   accounts_complete: 是, accounts_accurate: 是, investments_sound: 是, assets_lost: 否,
   over_standard: 否, use_proper: 是, disposal_proper: 是, other_rules_followed: 是,
   information_analysed: 是, deviations_corrected: 是}
reported:
  total: "99.5"
  grade: 优秀
  scores:
    {execution: "19.5", output: "30", effect: "30", finance.system: "1", finance.compliance: "2",
     finance.accounting: "1", assets: "4", performance: "4", carryover: "4", variance: "4"}
  projects: {self: "2", department: "0"}
narrative:
  management: 财务制度按年修订。支出逐笔审批。年末盘点资产，账实相符。
  result: 得分99.5分
  problems: 预算编制还不够精细
  measures: 加强培训
audit_off: [{code: source.missing, field: budget.variance, reason: 数值由市财政局通报}]
"""


def audit(card):
    """The findings on a scored filing."""
    return examine(card).findings


def retold(card, texts):
    """The scorecard of the same filing with other texts, by path such as ``projects/0/narrative``."""
    department = card.department
    narrative, projects, own = {}, list(department.projects), {}
    for path, text in texts.items():
        first, *rest = path.split("/")
        if first == "narrative":
            narrative[rest[0]] = text
        elif first == "projects":
            n = int(rest[0])
            projects[n] = projects[n].model_copy(update={"narrative": text})
        else:
            own[first] = text
    own |= {
        "projects": tuple(projects),
        "narrative": department.narrative.model_copy(update=narrative),
    }
    other = department.model_copy(update=own)
    other.__dict__.pop("texts", None)  # as it was worked out for the texts before
    return replace(card, department=other)


CHROMIUM = shutil.which("chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def browser():
    """A real Chromium; tests with it are skipped where there is none, except in CI."""
    if CHROMIUM is None and not os.environ.get("CI"):
        pytest.skip("no chromium on the PATH")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def resaved(tmp_path_factory):
    """Has LibreOffice open a file and save it anew, in its own or another format.

    Skipped where there is none, except in CI.
    """
    if shutil.which("soffice") is None and not os.environ.get("CI"):
        pytest.skip("no LibreOffice on the PATH")
    profile = tmp_path_factory.mktemp("libreoffice").as_uri()

    def save(path, folder, ending=None):
        ending = ending or path.suffix
        command = ["soffice", "--headless", f"-env:UserInstallation={profile}"]
        command += ["--convert-to", ending[1:], "--outdir", str(folder), str(path)]
        subprocess.run(command, check=True, capture_output=True, timeout=180)
        return folder / f"{path.stem}{ending}"

    return save


@pytest.fixture(scope="session")
def until():
    """Waits for an expression of a page: Playwright's own way is eval, which the page's policy refuses."""

    def wait(page, expression):
        for _ in range(600):
            if page.evaluate(expression):
                return
            page.wait_for_timeout(50)
        raise AssertionError(f"not true in 30 seconds: {expression}")

    return wait


@pytest.fixture(scope="session")
def quick_report():
    """Makes a report as `perfkit run` does, in a fork of the warm process of all tests."""

    def make(params, template, outputs, formats=FORMATS):
        given = (params, template, outputs, tuple(formats), WARM)
        (ended,) = warm_process.run([Job(params.stem, make_report, given)])
        assert ended.kind == "done", ended.error

    return make


@pytest.fixture(scope="session", autouse=True)
def _warm_process_ends():
    yield
    warm_process.end()


def changed(tree, changes):
    """*tree* with the values at paths such as ``projects/0/spent`` replaced; None drops one."""
    tree = copy.deepcopy(tree)
    for path, value in changes.items():
        *way, last = (int(step) if step.isdigit() else step for step in path.split("/"))
        place = tree
        for step in way:
            place = place[step]
        if value is None:
            del place[last]
        else:
            place[last] = value
    return tree


@pytest.fixture(scope="session")
def complete():
    """The mapping of the complete filing, with changes."""
    filed = yaml.safe_load(FILING)
    return lambda changes=None: changed(filed, changes or {})


@pytest.fixture(scope="session")
def override():
    """An override (例外情况) of an indicator."""

    def make(indicator, points):
        why = {"reason": "上级资金年底下达", "stage": "征求意见", "approver": "科长"}
        return {"indicator": indicator, "score": points} | why

    return make


@pytest.fixture
def filing(tmp_path, complete):
    """Writes the complete filing with *changes* as a parameter file; all text, a field a line."""

    def write(changes=None, name="x.yaml"):
        path = tmp_path / "params" / name
        path.parent.mkdir(exist_ok=True)
        tree = {"department": complete(changes)}
        path.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
        return path

    return write


@pytest.fixture
def rubric_file(tmp_path):
    """Writes a copy of the Beijing rubric: *readings* change the rules of indicators by id.

    A rule of another ``kind`` takes the place of the one that is there.
    """

    def write(readings):
        tree = yaml.safe_load((SHIPPED / "beijing-2023.yaml").read_text(encoding="utf-8"))
        found = {i["id"]: i["rule"] for s in tree["sections"] for i in s["indicators"]}
        for name, fields in readings.items():
            if name in found:
                if fields.get("kind", found[name]["kind"]) != found[name]["kind"]:
                    found[name].clear()
                found[name].update(fields)
            else:
                tree[name] = fields
        path = tmp_path / "rubric.yaml"
        path.write_text(yaml.safe_dump(tree, allow_unicode=True, sort_keys=False), encoding="utf-8")
        return path

    return write


@pytest.fixture
def rubric_of(rubric_file):
    """The Beijing rubric with other readings."""
    return lambda readings: load_rubric(str(rubric_file(readings)))


@pytest.fixture
def card_of(filing, rubric_file):
    """The scorecard of the complete filing with *changes*, under other *readings*."""

    def make(changes=None, readings=None):
        changes = dict(changes or {})
        if readings:
            changes["rubric"] = str(rubric_file(readings))
        return score(*read_department(filing(changes)))

    return make


@pytest.fixture
def findings_of(card_of):
    """The findings on the complete filing with *changes*."""
    return lambda changes=None, readings=None: audit(card_of(changes, readings))


@pytest.fixture(scope="session")
def model():
    """The parameter file of the model department."""
    return Path(__file__).parent.parent / "params" / "fengtai-finance-2023.yaml"
