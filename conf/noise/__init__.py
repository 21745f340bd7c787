"""The choices of `noise=`."""
