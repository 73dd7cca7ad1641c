# cuts.sh - what can happen to the network between hosts; sourced behind package.sh.
#
# fault_KIND HOST begins it, mend_KIND HOST ends it.

# Cuts between a host and those of the store, or all other hosts.
others_of() { # I HOSTS
	for others_i in $2; do
		[ "$others_i" = "$1" ] || printf '%s\n' "$others_i"
	done
}

fault_cut_store() {
	for cut_i in $(others_of "$1" "$STORE"); do
		lab_cut "$1" "$cut_i"
	done
}

mend_cut_store() {
	for cut_i in $(others_of "$1" "$STORE"); do
		lab_heal "$1" "$cut_i"
	done
}

fault_cut_all() { lab_isolate "$1"; }

mend_cut_all() {
	lab_rule del 200 "$1" all
	lab_rule del 200 all "$1"
}

# It hears nobody of the store; nobody hears it.
fault_cut_in() {
	for cut_i in $(others_of "$1" "$STORE"); do
		lab_cut "$cut_i" "$1" oneway
	done
}

mend_cut_in() { mend_cut_store "$1"; }

fault_cut_out() {
	for cut_i in $(others_of "$1" "$STORE"); do
		lab_cut "$1" "$cut_i" oneway
	done
}

mend_cut_out() { mend_cut_store "$1"; }

# It and the store's leader are alone.
fault_island() {
	island_leader=$(lab_leader) || return 0
	for cut_i in $(others_of "$island_leader" "$STORE"); do
		lab_cut "$1" "$cut_i"
		lab_cut "$island_leader" "$cut_i"
	done
}

mend_island() { lab_heal_all; }

fault_cut_peer() {
	for cut_i in $(others_of "$1" "$HOSTS"); do
		lab_cut "$1" "$cut_i"
	done
}

mend_cut_peer() {
	for cut_i in $(others_of "$1" "$HOSTS"); do
		lab_heal "$1" "$cut_i"
	done
}

fault_slow() {
	for slow_i in $(others_of "$1" "$STORE"); do
		lab_slow "$1" "$slow_i" 24kbit || return 1
	done
}

mend_slow() { lab_fast; }

# What its ssh sends comes late, or that of all does; or again.
fault_late() { printf '0.8\n' >"$LAB/hosts/$1/knob/late"; }

mend_late() { rm -f "$LAB/hosts/$1/knob/late"; }

fault_late_all() {
	for late_i in $HOSTS; do
		fault_late "$late_i"
	done
}

mend_late_all() {
	for late_i in $HOSTS; do
		mend_late "$late_i"
	done
}

fault_again() {
	for again_i in $HOSTS; do
		printf '3\n' >"$LAB/hosts/$again_i/knob/again"
	done
}

mend_again() {
	for again_i in $HOSTS; do
		rm -f "$LAB/hosts/$again_i/knob/again"
	done
}

fault_quorum() {
	for quorum_i in 1 2; do
		lab_isolate "$quorum_i"
	done
}

mend_quorum() {
	for quorum_i in 1 2; do
		mend_cut_all "$quorum_i"
	done
}
