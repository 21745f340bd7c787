"""The choices of `logger=`: programs that show the curves of a run while it lasts.

A logger writes into a folder of its own in the run folder, and asks no server for anything.
"""
