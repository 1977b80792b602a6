"""计分: the rubric as data, its rules, and the scorecard of a department.

The small module that everything else prints.
"""

from perfkit.scoring.params import read_department
from perfkit.scoring.scorecard import Scorecard, score
from perfkit.scoring.scores import Score

__all__ = ["Score", "Scorecard", "read_department", "score"]
