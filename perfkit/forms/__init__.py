"""填报: what a department files, and how it is read from YAML with its faults told in Chinese."""
