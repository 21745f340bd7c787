#!/bin/bash
# Stop what start_slurm.sh started in the folder $1, the jobs included.
dir=$(realpath "$1")
export SLURM_CONF=$dir/slurm.conf
lives() { [ -d "/proc/$1" ] && ! grep -q '^State:.Z' "/proc/$1/status"; }
timeout 10 scancel --signal=KILL --full --user="$(id -un)" 2> /dev/null
timeout 10 scancel --user="$(id -un)" 2> /dev/null
for _ in $(seq 40); do [ -z "$(timeout 10 squeue --noheader 2> /dev/null)" ] && break; sleep 0.5; done
for name in slurmd slurmctld munged; do
    [ -s "$dir/$name.pid" ] || continue
    pid=$(cat "$dir/$name.pid")
    kill "$pid" 2> /dev/null
    for _ in $(seq 50); do lives "$pid" || break; sleep 0.2; done
    lives "$pid" && kill -KILL "$pid"
done
exit 0
