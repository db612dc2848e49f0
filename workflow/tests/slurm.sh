#!/usr/bin/env bash
# The workflow on a SLURM of one node, which lives in a folder of its own for as long as this runs: the example data in
# parts, one job killed by kill -9, merged, and compared with a single run byte for byte. Says why where it cannot run.
#
# Debian's packages: apt-get install --no-install-recommends slurmctld slurmd slurm-client munge
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
PATH=$root/.venv/bin:$PATH:/usr/sbin

cannot_run() { echo "slurm: not run: $1"; exit 0; }
for program in munged slurmctld slurmd sbatch squeue; do
    command -v $program > /dev/null || cannot_run "$program is not installed"
done
[ "$(id -u)" = 0 ] || cannot_run "its daemons are started by root alone"
# The plugin clears SLURM_CONF in its jobs, so they find the cluster where SLURM looks first.
link=/etc/slurm/slurm.conf
if [[ $(readlink $link || true) = */slurm.??????/slurm.conf ]] && ! pgrep -x slurmctld > /dev/null; then
    rm $link  # of an earlier one that was killed
fi
[ ! -e $link ] || cannot_run "there is a SLURM on this machine, by $link"

cluster=$(mktemp -d -t slurm.XXXXXX)
host=$(hostname -s)
conf=$cluster/slurm.conf

stop() {
    for daemon in slurmd slurmctld munged; do
        [ ! -f "$cluster/$daemon.pid" ] || kill "$(cat "$cluster/$daemon.pid")" || true
    done
    sleep 1
    rm -rf "$cluster" $link
}
trap stop EXIT

mkdir "$cluster"/{state,spool}
chmod 755 "$cluster"
cat > "$conf" <<CONF
ClusterName=genint
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$cluster/munge.socket
CredType=cred/munge
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool
SlurmctldPidFile=$cluster/slurmctld.pid
SlurmdPidFile=$cluster/slurmd.pid
SlurmctldLogFile=$cluster/slurmctld.log
SlurmdLogFile=$cluster/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SlurmdParameters=config_overrides
SchedulerParameters=sched_interval=2
ReturnToService=2
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 RealMemory=12000 State=UNKNOWN
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
ln -sf "$conf" $link

head -c 1024 /dev/urandom > "$cluster/munge.key"
chmod 600 "$cluster/munge.key"
munged --force --socket="$cluster/munge.socket" --key-file="$cluster/munge.key" --pid-file="$cluster/munged.pid" \
    --log-file="$cluster/munged.log" --seed-file="$cluster/munge.seed" || cannot_run "munged did not start"
slurmctld && slurmd || cannot_run "SLURM's daemons did not start: $(tail -n 1 "$cluster"/slurm*.log)"
for _ in $(seq 30); do
    if sinfo --noheader --format=%T 2> /dev/null | grep -q idle; then break; fi
    sleep 1
done
sinfo --noheader --format='slurm: %D node, %T, partition %P' || cannot_run "SLURM does not answer"

# As in a clone, but for a genint that is killed once.
project=$cluster/project
mkdir "$project"
cp -r "$root"/{workflow,config,example_data} "$project"
cd "$project"
export PATH=$root/workflow/tests/mortal:$PATH PYTHONPATH=$root
status=0
timeout 300 snakemake --workflow-profile workflow/profiles/slurm --jobs 4 --latency-wait 5 \
    --slurm-init-seconds-before-status-checks 8 results/predictions/example/yeast > snakemake.log 2>&1 || status=$?
sed -nE 's,.* SLURM jobid ([0-9]+) .*/rule_([a-z_]+)/(.*)/[0-9]+\.log.*,slurm: job \1: \2 \3,p' snakemake.log
if [ $status != 0 ]; then
    cat snakemake.log $(find logs .snakemake/slurm_logs -name "*.log") "$cluster"/slurm*.log
    exit $status
fi
grep -h resuming logs/predict/*.log | sed 's/^genint:/slurm: a killed job went on;/'

genint predict example_data/genome.fa example_data/regions.bed -o single > /dev/null 2>&1
for file in single/*.bw; do
    cmp "$file" "results/predictions/example/yeast/$(basename "$file")"
done
echo "slurm: $(ls single/*.bw | wc -l) bigWigs are, byte for byte, those of a single run"
