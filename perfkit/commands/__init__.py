"""The commands (命令), a file each: `arguments` declares what it takes, `execute` does it.

The command line (`perfkit.cli`) imports the one that is called, and no other.
"""

COMMANDS = {
    "new": "新建一份参数文件：每项都有说明，照着填",
    "init": "建一个工作文件夹：模板笔记本、一份样子和说明",
    "form": "生成空白的填报工作簿（Excel），给部门填",
    "export": "把参数文件写成工作簿（Excel），几个部门写成一本",
    "run": "生成报告：每个参数文件一份笔记本、网页、PDF 和 Word",
    "check": "检查参数文件并给出审核意见，不生成报告",
    "import": "读入填好的工作簿，或收到的 Word、PDF 报告，写成参数文件",
    "review": "审阅报告：在本机打开网页，收下审阅意见",
    "letter": "反馈意见单：给部门答复的 Word 和 Excel，收回来的答复记入审阅记录",
    "score": "计算一个部门的得分",
    "rubric": "查看评分标准：指标、分值、检查项的编号和合格的答案；"
    "rubric check 文件 检查自己写的评分标准；"
    "rubric set 评分标准 年度参数 年度 数值 --source 出处 填写每年公布的数",
    "diff": "比较两个年度、两份文件或两个环节：数据、得分及原因、文字",
    "verify": "核验已生成的报告：按记录重做一遍，看字节是否相同",
}
"""What each does, in the order of the help."""
