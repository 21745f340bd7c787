"""The choices of `track=`."""
