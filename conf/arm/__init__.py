"""The choices of `objective=`."""
