"""工作簿: the Excel form of a filing, blank and filled, and parameter files made of it and back."""
