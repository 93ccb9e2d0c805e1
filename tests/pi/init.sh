#!/bin/busybox sh
# The first process of the virtual Pi: brings the machine up, then keeps one program running, as
# systemd does on a real unit. `program` and `witness` come from the kernel's command line.
/bin/busybox mkdir -p /proc /sys /dev /tmp /run /state
/bin/busybox --install -s /bin
export PATH=/bin:/usr/bin HOME=/state TMPDIR=/tmp
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/shm && mount -t tmpfs tmpfs /dev/shm

up() { cut -d' ' -f1 /proc/uptime; }

for module in $(cat /modules/order); do
    insmod "/modules/$module" || echo "rig: no module $module"
done
ip link set lo up
ip link set eth0 up
ip addr add 10.0.2.15/24 dev eth0
ip route add default via 10.0.2.2
mount -t ext4 /dev/vda /state || echo "rig: no state disk"
echo "rig: machine ready at $(up)"

cd /state
export PYTHONPATH=/opt/anling PYTHONUNBUFFERED=1

# Every 5 s what the program has used: fields 14 and 15 of its stat (user and system time in
# ticks of 10 ms; the name, field 2, holds no blank here), its resident size and its threads.
watch_use() {
    while sleep 5; do
        pid=$(cat /run/program.pid)
        set -- $(cat "/proc/$pid/stat" 2>/dev/null)
        [ $# -gt 20 ] || continue
        rss_kb=$(awk '/^VmRSS/ {print $2}' "/proc/$pid/status")
        echo "rig: use pid=$pid at_s=$(up) user=${14} system=${15} rss_kb=$rss_kb threads=${20}"
    done
}
watch_use &
if [ -n "$witness" ]; then
    python3 /rig/witness.py "$witness" &
fi

while true; do
    echo "rig: program starts at $(up)"
    $program &
    echo $! > /run/program.pid
    wait $!
    echo "rig: program ended with $? at $(up)"
    sleep 1
done
