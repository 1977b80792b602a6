"""批量生成: every department's report in one go, only what is out of date."""
