"""Markets that are too large to be held: assessed part by part, kept as codes, condensed into counts."""
