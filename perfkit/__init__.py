"""perfkit: 部门整体绩效评价报告, scored by rule and written from one parameter file."""

__version__ = "0.1.0"
