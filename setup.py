"""The list of packages: those found below gnicli/, and conf/ as `gnicli.conf`. All else is in pyproject.toml."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["gnicli", "gnicli.*"]), "gnicli.conf"],
    package_dir={"gnicli.conf": "conf"},
)
