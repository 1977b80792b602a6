"""The kinds of rules that score an indicator by themselves: what one of several ways may be."""

from typing import Annotated

from pydantic import Field

from perfkit.scoring.kinds.checklist import Checklist
from perfkit.scoring.kinds.excess import Excess
from perfkit.scoring.kinds.given import Given
from perfkit.scoring.kinds.occurrences import Occurrences
from perfkit.scoring.kinds.rank import Rank
from perfkit.scoring.kinds.ratio import Ratio
from perfkit.scoring.kinds.rollup import Rollup
from perfkit.scoring.kinds.tiers import Tiers

Single = Ratio | Tiers | Excess | Checklist | Occurrences | Given | Rank | Rollup

AnySingle = Annotated[Single, Field(discriminator="kind")]
"""One of these, as a rubric writes it."""
