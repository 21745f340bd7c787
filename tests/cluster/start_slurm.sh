#!/bin/bash
# A Slurm of one node on loopback, all of it in the folder $1: no file of the system is changed, no service started.
# Then `export SLURM_CONF=$1/slurm.conf`, and sbatch, squeue and scancel speak to it; stop_slurm.sh stops it.
# Debian: apt-get install --no-install-recommends slurm-wlm munge
#
# Jobs of the partition `urgent` preempt those of `main`, which are requeued. No accounting: gni does not need sacct.
set -euo pipefail
mkdir -p "$1"
dir=$(realpath "$1")
port=${2:-16817}
host=$(hostname -s)
user=$(id -un)
PATH=$PATH:/usr/sbin:/sbin
chmod 755 "$dir"
mkdir -p "$dir"/{state,spool}
# From 23.02 on Slurm can do without control groups; older ones load a plug-in, and use it for nothing here.
case $(slurmd -V) in *\ 2[0-2].*) cgroup=cgroup/v1 ;; *) cgroup=disabled ;; esac
echo "CgroupPlugin=$cgroup" > "$dir/cgroup.conf"
cat > "$dir/slurm.conf" <<CONF
ClusterName=loop
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket,cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
KillWait=15
ReturnToService=2
MpiDefault=none
SwitchType=switch/none
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd.log
SchedulerParameters=sched_min_interval=100000,bf_interval=1
MinJobAge=300
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
CONF
(umask 077 && [ -s "$dir/munge.key" ] || head -c 1024 /dev/urandom > "$dir/munge.key")
chmod 400 "$dir/munge.key"
munged --force --key-file="$dir/munge.key" --socket="$dir/munge.socket" --pid-file="$dir/munged.pid" \
    --log-file="$dir/munged.log" --seed-file="$dir/munge.seed"
export SLURM_CONF=$dir/slurm.conf
slurmctld -f "$SLURM_CONF"
slurmd -f "$SLURM_CONF"
for _ in $(seq 60); do
    sinfo --noheader --format=%T 2> /dev/null | grep -q idle && exit 0
    sleep 0.5
done
tail -n 5 "$dir"/*.log >&2
exit 1
