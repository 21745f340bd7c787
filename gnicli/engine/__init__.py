"""Run folders, provenance, checkpoints, progress, tables, figures and reports (layer 3)."""
