"""Readers of files of numbers; they raise nothing but `GniError`, whatever the bytes."""
