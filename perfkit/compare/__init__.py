"""比较: what differs between two filings of a department, two years, versions or stages (环节)."""
