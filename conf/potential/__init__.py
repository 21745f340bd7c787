"""The choices of `potential=`."""
