"""审核: the findings that a careful reviewer raises on a filing and its scorecard."""

from perfkit.audit.examine import Audit, examine

__all__ = ["Audit", "examine"]
