"""What is handed on: extracts of failures with their reasons, a merchant's sheet, and reports that stand alone."""
