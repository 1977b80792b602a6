"""起步: a new parameter file to fill in, next year's from this year's, and a kit to work in."""
