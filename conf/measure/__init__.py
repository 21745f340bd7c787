"""The choices of `measure=`."""
