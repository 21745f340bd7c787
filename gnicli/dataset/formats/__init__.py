"""Readers of the published file formats: own, without pickle, every size and label checked."""
