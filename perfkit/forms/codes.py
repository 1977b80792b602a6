"""The words that the files are written in, and the Chinese that an analyst knows them by.

A message that lists codes says what each one means, and a field that isn't
there is answered with the one that was meant.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

CODES = {
    "正向": "higher，越高越好",
    "反向": "lower，越低越好",
    "单位自评": "self",
    "部门评价": "department",
    "ratio": "比率计分",
    "chosen": "部门自选指标",
    "checklist": "检查清单",
    "excess": "超出扣分",
    "tiers": "分档计分",
    "occurrences": "次数计分",
    "given": "评审打分",
    "rank": "排名计分",
    "rollup": "项目得分汇总",
    "one_of": "任选其一",
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
    "refused": "不能填不涉及",
    "kept": "视同合格",
    "shared": "分值分给其他项",
    "no": "不",
    "answered": "填了哪一种就按哪一种",
    "best": "取得分最高的",
    "half_up": "四舍五入",
    "half_even": "四舍六入五成双",
    "down": "舍去",
    "indicator": "逐个指标",
    "total": "只在合计时",
}
"""What a code of the form or of a rubric means."""

FIELDS = {
    "名称": "name",
    "部门": "name",
    "单位": "name",
    "单位名称": "name",
    "年度": "year",
    "年份": "year",
    "预算": "budget",
    "预算数": "budget",
    "预算金额": "budget",
    "全年预算数": "budget",
    "支出": "spent",
    "支出金额": "spent",
    "执行数": "spent",
    "全年执行数": "spent",
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

ONLY_FOR = {
    **dict.fromkeys(("部门", "单位", "单位名称"), ("部门名称",)),
    **dict.fromkeys(("预算数", "预算金额"), ("全年预算数", "预算数")),
    "全年预算数": ("预算数",),
    "全年执行数": ("支出数",),
    **dict.fromkeys(("指标", "三级指标"), ("绩效指标",)),
    "执行率": ("所填预算执行率", "所填执行率"),
    "比率": ("所填预算执行率", "所填执行率"),
    "结转": ("结转结余",),
    "得分": ("评价得分", "核定得分"),
    "得分率": ("评定得分率",),
    "等级": ("自评等级",),
    "权重": ("分值",),
}
"""Words of `FIELDS` that as a key stand for the fields with these titles alone."""

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
    from rapidfuzz import fuzz, process  # of use for a fault alone

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


FINDINGS = {
    "text.sign": "没有字体能印的字",
    "budget.total_budget": "资金总体全年预算数与各部分合计不符",
    "budget.total_spent": "资金总体全年执行数与各部分合计不符",
    "rate.over_100": "执行率超过100%",
    "rate.rounded_to_full": "执行率四舍五入为100%",
    "rate.stated": "所填比率与计算不符",
    "rate.no_basis": "所填比率没有可以复核的数",
    "figures.above": "另填数据大于不应超过的数",
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
    "previous.department": "上年参数文件是另一个部门的",
    "carryover.previous": "上年结转结余率与上年参数文件不符",
    "variance.no_basis": "预决算差异率没有年初预算数",
    "variance.equals_carryover": "预决算差异率与结转结余率相同",
    "source.missing": "比率没有出处",
    "indicators.kinds_missing": "缺少某类三级指标",
    "indicators.weights_missing": "三级指标没有分值",
    "indicators.weights_sum": "三级指标分值合计不符",
    "indicators.weights_least": "一类三级指标的分值少于规定",
    "indicators.low_target": "指标值可能偏低",
    "indicators.direction": "指标没有写明越高越好还是越低越好",
    "indicators.no_cause": "三级指标没有得满分，也没有写原因",
    "indicators.grade_unused": "评定得分率没有采用",
    "indicators.adjusted": "指标值在年度中调整过",
    "full_marks.no_figure": "满分没有可核对的数字",
    "full_marks.under_executed": "满分而预算执行不足",
    "full_marks.thin_evidence": "满分而依据单薄",
    "score.undecided": "得分待定",
    "limit.open": "限制条件没有填",
    "limit.applied": "限制条件成立",
    "answers.no_reason": "填报没有写说明",
    "override.above_points": "核定得分超过分值",
    "override.used": "例外核定",
    "rectified.missing": "上年的问题没有写整改情况",
    "rectified.state": "整改没有写状态或做了什么",
    "rectified.unknown": "上年报告里没有的问题",
    "unit.sum": "二级单位合计与部门的数不符",
    "unit.not_filed": "二级单位没有填写要核对的数",
    "unit.project": "二级单位的项目没有列入部门",
    "unit.project_sum": "部门与二级单位的同名项目不符",
    "unit.open": "二级单位的得分待定",
    "stage.above_points": "环节得分超过分值",
    "stage.no_reason": "环节改分没有理由",
    "stage.changed": "环节改分",
    "claim.score": "自评得分与规则不符",
    "claim.sum": "自评各项得分合计不符",
    "claim.total": "自评总分与规则不符",
    "claim.total_not_in_text": "自评总分没有写进文字",
    "claim.grade": "自评等级不符",
    "narrative.missing": "文字没有填写",
    "text.number": "文字里的数字与数据不符",
    "text.date": "没有这一天",
    "text.last_year": "文字里的上年数与上年参数文件不符",
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
