"""The set-ups of an experiment: `protocol=`."""
