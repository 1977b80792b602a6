"""规则的种类: a file each, with everything that perfkit knows of the kind.

To add a kind: one file here, with a subclass of `Rule` whose ``kind`` is a
Literal of its own that no field of a rule is called; its name in `single.Single`,
its Chinese name in `perfkit.forms.codes.CODES`; and a table of cases in
``tests/cases``. The file holds

- the fields as a rubric writes them, and what is refused in them (`problems`
  where the rest of the rubric is needed for that);
- `scored`: how it awards points, by the functions of `perfkit.scoring.rules`;
- `describe` and `turns_on`, and, where the defaults of `Rule` do not fit, its
  rows in the score sheet, its sentence in the report, what ``perfkit rubric``
  shows of it, what it asks of the filing (`asks`), and what the audit asks.

Nothing outside of the file asks which kind a rule is.
"""

from typing import Annotated

from pydantic import Field

from perfkit.scoring.kinds.chosen import Chosen
from perfkit.scoring.kinds.one_of import OneOf
from perfkit.scoring.kinds.single import Single

AnyRule = Annotated[Single | OneOf | Chosen, Field(discriminator="kind")]
"""The kinds of rules that a rubric may have."""

__all__ = ["AnyRule"]
