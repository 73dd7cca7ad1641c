# peers.bash - more nodes than one, each in a directory: those that form a cluster,
# and a leader with a snapshot for a follower; for those that load member before.

# three: the directories a, b and c, each with a node that was never formed.
three() {
	local i
	for i in a b c; do
		mkdir -p "$i/conf" "$i/run"
		printf 'a b c\n' >"$i/conf/cluster_nodes"
		in_dir "$i" node init "$i"
	done
}

# in_dir DIR CMD...
in_dir() {
	(cd "$1" && shift && "$@")
}

# asks A B...: node A hears of each B who it is.
asks() {
	local from=$1
	shift
	for to; do
		in_dir "$from" node greet "$to" >greeting
		{ printf 'Welcome to %s!\n\nlite-raft-gate 1\n' "$to" &&
			in_dir "$to" node hello <greeting; } >"$from/run/hello.$to"
	done
}

LOG=1x4:300,2x36:300

# follower [COUNT]: this directory is node a's, whose log has so many of LOG.
follower() {
	node_up -s 4096
	mkdir -p run
	printf '1\n' >run/election_timeout
	[ "${1:-4}" -eq 0 ] || member write "$LOG" "${1:-4}" 4096
}

# leader INDEX [KEYS [BYTES [MEMBERS]]]: ../leader is that of b, who leads in term 3 and has a
# snapshot there.
leader() {
	rm -rf ../leader
	mkdir -p ../leader/run
	(
		cd ../leader
		member form -s 4096 b a c
		member write "$LOG" 40 4096
		member snap "$LOG" "$@"
		printf '%016d\n' 3 >run/behind.a
	)
}

# offers: b asks a how much it has; leaves the answer in ./have.
offers() {
	(cd ../leader && snapshot offer a) >offer
	{ printf '\nlite-raft-gate 1\n' && snapshot install <offer; } >have 2>err
}

# bytes: what b sends upon that, in ./bytes.
bytes() {
	(cd ../leader && snapshot send a) <have >bytes
}

# installs [FILE]: gives a the bytes; sets $status.
installs() {
	status=0
	snapshot install <"${1:-bytes}" >reply 2>err || status=$?
	printf 'install: %s %s\n' "$status" "$(<err)"
}

# snapshot_of DIR: the newest one's directory.
snapshot_of() {
	local all=("$1"/state/snapshot/*[0-9])
	printf '%s\n' "${all[-1]}"
}

# has_it: a's newest snapshot is b's, byte for byte, and nothing is left over.
has_it() {
	diff -r "$(snapshot_of ../leader)" "$(snapshot_of .)" &&
		! ls -d state/snapshot/*.* | grep -v '[0-9]$'
}
