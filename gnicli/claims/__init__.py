"""Claims about runs, declared before the runs are looked at, and the verdicts on them (layer 2b).

A claim compares settings over seeds. The unit is the run: one seed of one setting. The package knows no run folder and
no file: `measured` says what it takes of a run.
"""
