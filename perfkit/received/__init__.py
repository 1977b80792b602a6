"""Published reports (Word, PDF) read back into filings: each value with the place it stands at."""
