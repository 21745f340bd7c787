"""The choices of an estimate by name. Imports nothing: the schema of a command, read for `--help`, lists them."""

RULES = ("isj", "robust")
ESTIMATORS = ("binned", "sklearn")
