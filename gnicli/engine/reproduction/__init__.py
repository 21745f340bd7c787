"""The claims of the paper: the families that come with gni, their runs, and the report on them (`gni reproduce`)."""
