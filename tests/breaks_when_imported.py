"""A module whose import fails as those of libraries with damaged settings do."""

raise RuntimeError("on purpose")
