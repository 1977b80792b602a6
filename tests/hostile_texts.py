"""Texts of 20,000 signs on which a careless search starts over at every sign, through the whole audit.

Run in a process of its own, which a timer of the processor's time ends if one text
takes many times what it needs: ``python tests/hostile_texts.py``.
"""

import copy
import signal

import yaml
from conftest import FILING

from perfkit.audit.examine import examine
from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import score

SIZE = 20_000
LONGEST = 5
"""Seconds of the processor for one text; it needs less than one, and a square of it a minute."""

REPEATED = {
    "digits": "1", "commas": "，", "brackets": "（", "brackets in pairs": "（）", "half-width": "(",
    "万": "万", "numerals": "一二三十百", "blanks": " ", "wide blanks": "\u3000", "letters": "a",
    "figures cut short": "1,", "decimals": "1.", "points": ".", "quotes": "“", "titles": "《",
    "years": "2023年", "document numbers": "〔", "lines": "甲\n", "empty lines": "\n",
    "dashes": "—", "underscores": "_", "crosses": "×", "ordinals": "第", "hundredths": "百分之",
    "about": "约", "projects": "各项目", "ourselves": "我局", "fillings": "总额总数金额",
    "all": "全部", "offices": "区教育局", "targets": "目标", "progress": "执行进度",
    "counts": "1个", "scores": "1分", "rates": "1%", "dates": "2023年5月1日至",
    "amounts": "预算1万元，", "listed amounts": "1万元、", "sums": "1万元、合计2万元、",
    "wholes": "项目共", "this year": "全年", "assessed": "综合自评", "sentences": "预算执行。",
    "one sentence": "全年各项重点工作任务均已按照年初制定的计划有序推进并取得预期成效。",
    "stars": "*", "marks": "z\u0301", "bullets": "\uf0b7", "signs": "☐", "joiners": "\u200d",
}  # fmt: skip
ONCE = {
    "nested brackets": "（" * (SIZE // 2) + "）" * (SIZE // 2),
    "an unmatched figure": "预算" + "总额" * 40 + "甲1万元",
    "digits with a unit": "1" * SIZE + "万元",
    "blanks with a figure": "预算" + " " * SIZE + "1万元",
}


def main() -> None:
    filed = yaml.safe_load(FILING)
    texts = {name: part * (SIZE // len(part)) for name, part in REPEATED.items()} | ONCE
    for name, text in texts.items():
        print(name, flush=True)
        if hasattr(signal, "setitimer"):  # not on Windows
            signal.setitimer(signal.ITIMER_VIRTUAL, LONGEST)
        tree = copy.deepcopy(filed)
        tree["narrative"]["problems"] = "甲" + text
        tree["projects"][0]["narrative"] = "乙" + text[: SIZE // 8]
        card = score(*read_department(tree))
        examine(card)


if __name__ == "__main__":
    main()
