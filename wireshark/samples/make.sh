#!/usr/bin/env bash
# Makes the sample captures beside it: a viewer joins; a viewer behind a router that loses every tenth datagram.
# Needs root, ip, nft, ethtool, dumpcap and editcap.
#
#   wireshark/samples/make.sh target/release/framecast
set -euo pipefail
framecast=$(realpath "$1")
cd "$(dirname "$0")"
media=../../media/1AAA99
work=$(mktemp -d)
chmod 755 "$work"
pids=()
cleanup() {
    for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
    for name in broker router viewer; do ip netns delete "framecast-$name" 2>/dev/null || true; done
    rm -rf "$work"
}
trap cleanup EXIT

at() { ip netns exec "framecast-$1" "${@:2}"; }

# broker 10.9.1.2 - 10.9.1.1 router 10.9.2.1 - 10.9.2.2 viewer
for name in broker router viewer; do
    ip netns add "framecast-$name"
    at "$name" ip link set lo up
done
wire() {
    ip link add "fc-$1" netns "framecast-$1" type veth peer "fc-$1" netns framecast-router
    at "$1" ip address add "10.9.$2.2/24" dev "fc-$1"
    at router ip address add "10.9.$2.1/24" dev "fc-$1"
    at "$1" ip link set "fc-$1" up
    at router ip link set "fc-$1" up
    at "$1" ip route add default via "10.9.$2.1"
}
wire broker 1
wire viewer 2
at router sysctl -q net.ipv4.ip_forward=1

start() {
    ip netns exec framecast-broker "$framecast" --log-format json "$@" 2>>"$work/log" &
    pids+=($!)
}
start broker --listen 10.9.1.2:5000
start producer --broker 10.9.1.2:5000 --id 1AAA99 --name Kitchen --frames "$media/frames" --audio "$media/audio"

# capture NAME PACKETS SECONDS: what the viewer's interface sees, the first PACKETS of it.
capture() {
    ip netns exec framecast-viewer dumpcap -q -P -i fc-viewer -f 'udp port 5000' -w "$work/$1.pcap" 2>"$work/$1.log" &
    local dumpcap=$!
    until grep -q '^File:' "$work/$1.log"; do sleep 0.1; done
    at viewer "$framecast" client --broker 10.9.1.2:5000 --exec 'subscribe 1AAA99' --for "$3s" >"$work/$1.out"
    kill -TERM "$dumpcap"
    wait "$dumpcap" || true
    editcap -F pcap -r "$work/$1.pcap" "$1.pcap" "1-$2"
}

capture join 24 2

# One datagram per packet, so that the router loses datagrams and not whole sends.
at broker ethtool -K fc-broker tx-udp-segmentation off >/dev/null
at router nft add table ip lossy
at router nft add chain ip lossy forward '{ type filter hook forward priority 0; }'
at router nft add rule ip lossy forward udp sport 5000 numgen random mod 10 '<' 1 counter drop
capture loss 150 3
ls -l ./*.pcap
