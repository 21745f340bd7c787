"""The choices of `network=`."""
