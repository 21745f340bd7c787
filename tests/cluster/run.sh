#!/bin/bash
# Install what the tests of this folder need and run them: `make test-cluster`. $1 is the environment to run them in.
#
# Slurm's programs come from Debian's packages, where root types this; submitit and ray were put into the environment by
# make. What cannot be had is said in a line, and its tests are skipped.
set -uo pipefail
cd "$(dirname "$0")/../.."
PATH=$PATH:/usr/sbin:/sbin
if ! command -v sbatch slurmctld slurmd munged > /dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
        export DEBIAN_FRONTEND=noninteractive
        { timeout 120 apt-get update -qq; timeout 300 apt-get install -y -qq --no-install-recommends slurm-wlm munge; } \
            > /dev/null 2>&1
    fi
fi
command -v sbatch slurmctld slurmd munged > /dev/null \
    || echo '***** NOT TESTED: Slurm (apt-get install slurm-wlm munge, as root, is not possible here) *****' >&2
exec "$1/bin/python" -m pytest -m cluster -rs "${@:2}" tests/cluster
