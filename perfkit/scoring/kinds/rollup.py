"""项目得分汇总: the scores of the department's projects, weighted by their budgets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from perfkit.forms import paths
from perfkit.forms.department import Department, Project
from perfkit.forms.fields import Loc
from perfkit.quantities import Points, percent, plain
from perfkit.scoring import rules
from perfkit.scoring.kinds.kind import Rule, decided, lost
from perfkit.scoring.scores import ZERO, Input, Score
from perfkit.texts import numbers

if TYPE_CHECKING:
    from perfkit.scoring.rubric import Rubric

BY = {"budget": "预算数", "spent": "支出数", "equal": "相同权重"}


class Rollup(Rule):
    """项目得分汇总: the weighted mean of the projects' scores, as a part of `full`, by the points."""

    kind: Literal["rollup"]
    by: Literal["budget", "spent", "equal"] = Field("budget", title="权重")
    full: Points = Field(Decimal(100), gt=0, title="项目得分的满分")

    def problems(self, rubric: Rubric, points: Decimal) -> Iterator[tuple[Loc, str]]:
        """Weights in money where the rubric has none."""
        if self.by != "equal" and not rubric.has_money:
            message = "parts 写了 []，是不评资金的评分标准，没有金额作权重；请写 by: equal"
            yield ("by",), message

    def describe(self, rubric: Rubric) -> str:
        """The rule in one line of Chinese."""
        return f"各项目评价得分按{BY[self.by]}加权平均 ÷ {plain(self.full)} × 分值"

    @property
    def turns_on(self) -> str:
        """All projects."""
        return "projects"

    @property
    def any_points(self) -> bool:
        """A share of the points."""
        return True

    def claimed(self, name: str, department: Department) -> bool:
        """Whether a project has a score."""
        return any(project.score is not None for project in department.projects)

    def scored(self, score: Score, department: Department, rubric: Rubric) -> Score:
        """The weighted mean; undecided while a project has no score or no weight."""
        projects = department.projects
        place = department.place("projects")
        if not projects:
            return replace(score, undecided="没有列出项目，不能汇总项目得分，需要人工决定")
        unscored = [i for i, project in enumerate(projects) if project.score is None]
        if unscored:
            reason = f"第{numbers(unscored)}个项目没有填写评价得分（score），不能汇总"
            return replace(score, undecided=reason, field=paths.project(unscored[0]))
        above = [i for i, project in enumerate(projects) if (project.score or ZERO) > self.full]
        if above:
            reason = (
                f"第{numbers(above)}个项目的评价得分高于满分{plain(self.full)}分，"
                f"应填以{plain(self.full)}分为满分的得分"
            )
            return replace(score, undecided=reason, field=paths.project(above[0]))
        weights = [self._weight(project) for project in projects]
        blank = [i for i, weight in enumerate(weights) if weight is None]
        if blank:
            reason = f"第{numbers(blank)}个项目没有填写支出数（spent），不能按支出加权"
            return replace(score, undecided=reason, field=paths.project(blank[0]))
        known = [weight or ZERO for weight in weights]
        if not any(known):
            reason = f"各项目的{BY[self.by]}都是 0，不能加权，需要人工决定"
            return replace(score, undecided=reason)
        scores = [project.score or ZERO for project in projects]
        mean = rules.weighted(scores, known)
        share = rules.proportional(mean, self.full)
        inputs = tuple(
            Input(
                f"第{i + 1}个项目",
                f"{plain(p)}分，{BY[self.by]}{plain(w)}",
                department.place(paths.project(i, "score")),
            )
            for i, (p, w) in enumerate(zip(scores, known, strict=True))
        )
        shown = plain(round(mean, 4))
        listed = " + ".join(f"{plain(p)} × {plain(w)}" for p, w in zip(scores, known, strict=True))
        formula = f"({listed}) ÷ {plain(sum(known, ZERO))} = {shown}；{shown} ÷ {plain(self.full)}"
        formula += f" = {percent(share, 4)} × {plain(score.points)}"
        verdict = f"{len(projects)}个项目的得分按{BY[self.by]}加权平均为{shown}分"
        score = replace(score, inputs=inputs, stated=True, rate=f"{shown}分", verdict=verdict)
        result = decided(score, rubric, score.points * share, formula)
        return replace(result, deductions=lost(score, result.by_rule or ZERO, verdict, place))

    def _weight(self, project: Project) -> Decimal | None:
        if self.by == "equal":
            return Decimal(1)
        return project.budget if self.by == "budget" else project.executed
