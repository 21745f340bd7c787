"""report.md and report.html: one document, of which each file is written by its own template."""
