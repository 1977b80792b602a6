"""审阅: what reviewers say of a report, kept beside it, and the page on which they say it."""
