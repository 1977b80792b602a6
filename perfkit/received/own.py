"""What perfkit itself writes into a report: left out of the department's texts when it is read back."""

from __future__ import annotations

import re

from perfkit.scoring.rubric import Rubric

RECORD = re.compile(r"perfkit [0-9]")
"""What the properties of a document that perfkit made say of it."""

_SENTENCES = re.compile(
    r"""
      [0-9]{4}年全年预算数[^。]*?其中，[^。]*(?:\.[0-9]+[^。]*)*。\S{2,20}?支出.*?(?:预算执行率为[0-9.]+%|没有预算执行率)。
    | [0-9]{4}年全年预算数[0-9.]+万元，全年执行数[0-9.]+万元。(?:预算执行率为[0-9.]+%|全年预算数为0，没有预算执行率)。
    | (?:年初预算数[0-9.]+万元)?，?(?:年末结转结余总额[0-9.]+万元)?(?:，?上年结转结余率取自[^。]+)?。
    | 注：金额四舍五入保留两位小数.*
    | [^，。]{2,20}执行情况（单位：万元）|各部分预算与支出|项目预算与支出.*|项目预算执行率.*|各项指标得分
    | 本年度(?:没有)?列出项目.*
    | [^，。：]{2,40}设三级指标[0-9]+个（定量[0-9]+个）.*
    | 二级单位共[0-9]+个.*|二级单位(?:得分|预算执行情况).*|项目情况
    | 所填数据：.*|加分、扣分项：.*|限制条件：.*
    | “.*”的(?:偏差原因|说明)：.*
    | (?:(?:单位自评|部门评价)项目。)?(?:实施期限[0-9年月日]+至[0-9年月日]+。|[0-9年月日]+(?:开始|结束)。)?
      (?:预算[0-9.]+万元，(?:支出[0-9.]+万元(?:，预算执行率[0-9.]+%)?|支出数未填[^。]*?(?:推算为[0-9.]+万元)?))?
      (?:，?评价得分[0-9.]+分)?。?
    | .*检查[0-9]+项，(?:全部合格|其中[0-9]+项不合格：.*)，得[0-9.]+分（分值[0-9.]+分）。
    | (?:结转结余率|部门预决算差异率)为.*（分值[0-9.]+分）。
    | .*：检查清单有[0-9]+项未填：.*
    | .*，(?:待定|未计入).*（分值[0-9.]+分）。
    | 按.*评分，.*[0-9]{4}年度.*得[0-9.]+分（满分[0-9.]+分）.*
    | 另有[0-9.]+分待定，未计入总分.*
    | 部门自评(?:[0-9.]+分)?，?(?:等级.{1,4})?。
    | 例外情况：.*
    | 按评分标准扣分的有[0-9]+处：.*|按评分标准没有扣分.*|没有扣分.*
    | （部门没有填写）
    """,
    re.VERBOSE,
)


_SCORED = re.compile(r"(?:（分值[0-9.]+分[^（）]*）|，分值分给其他指标)。$")
"""How a sentence on an indicator ends."""


def is_own(properties: str) -> bool:
    """Whether a document's properties say that perfkit made it."""
    return RECORD.search(properties) is not None


def generated(text: str, rubric: Rubric) -> bool:
    """Whether a paragraph of such a document is perfkit's, not the department's."""
    words = text.strip()
    if _SENTENCES.fullmatch(words):
        return True
    # 指标：评价人打分6分，理由：……，得6分（分值6分）。
    named = any(words.startswith(one.name) for one in rubric.everything)
    return named and _SCORED.search(words) is not None
