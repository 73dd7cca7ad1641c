# net.sh - the lab's network: what the hub drops, and what it delays; sourced by lab.

# lab_hub CMD…: runs CMD in the hub's network.
lab_hub() {
	nsenter -t "$(cat "$LAB/pid/hub")" -n "$@"
}

# lab_rule add|del PREFERENCE FROM TO: what passes from host FROM to host TO (or
# "all") is dropped, or no longer.
lab_rule() {
	set -- "$1" "$2" "$(lab_address "$3")" "$(lab_address "$4")"
	lab_hub ip rule del pref "$2" from "$3" to "$4" blackhole 2>/dev/null || :
	[ "$1" = del ] || lab_hub ip rule add pref "$2" from "$3" to "$4" blackhole
}

lab_address() {
	case $1 in
	all) printf 'all\n' ;;
	*) printf '10.77.0.%s\n' "$1" ;;
	esac
}

# lab_cut A B [oneway]: nothing passes between A and B; with oneway, what B
# sends still reaches A.
lab_cut() {
	lab_rule add 100 "$1" "$2" || return 1
	[ "${3:-}" = oneway ] || lab_rule add 100 "$2" "$1"
}

# lab_isolate I: nothing passes to or from host I.
lab_isolate() {
	lab_rule add 200 "$1" all && lab_rule add 200 all "$1"
}

# lab_heal [A B]: undoes cuts (of that pair; without arguments all, and isolation).
lab_heal() {
	if [ $# -eq 2 ]; then
		lab_rule del 100 "$1" "$2"
		lab_rule del 100 "$2" "$1"
		return 0
	fi
	lab_heal_all
}

lab_heal_all() {
	while lab_hub ip rule del pref 100 2>/dev/null || lab_hub ip rule del pref 200 2>/dev/null; do
		:
	done
}

# lab_slow A B RATE: what passes between A and B, each way, goes at RATE (as tc
# writes it: 64kbit).
lab_slow() {
	lab_slow_to "$1" "$2" "$3" && lab_slow_to "$2" "$1" "$3"
}

# One way, at the hub's end of the receiver's link: all else goes unshaped.
lab_slow_to() {
	lab_hub tc qdisc add dev "v$2" root handle 1: htb default 0 2>/dev/null || : # there is one
	lab_hub tc class replace dev "v$2" parent 1: classid "1:$1" htb rate "$3" &&
		lab_hub tc qdisc replace dev "v$2" parent "1:$1" bfifo limit 64k &&
		lab_hub tc filter add dev "v$2" parent 1: protocol ip prio 1 u32 \
			match ip src "10.77.0.$1/32" flowid "1:$1"
}

# lab_fast: no link is slow any more.
lab_fast() {
	for fast_i in $(lab_powered); do
		lab_hub tc qdisc del dev "v$fast_i" root 2>/dev/null || :
	done
}
