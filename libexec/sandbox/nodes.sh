# nodes.sh - a sandbox's nodes: their copies of the tree, what runs in them, and
# its end; sourced by sandbox, which sets what is named here.

root=${root:?} dir=${dir:-} nodes=${nodes:-} timeout=${timeout:-}

# build: the programs, where they are missing or do not run here; where they were
# built in this tree, what has changed since.  LITE_RAFT_MAKE is what to make.
build() (
	cd "$root" || exit 74
	. libexec/lib/boot.sh
	if ! programs_run; then
		libexec/sandbox/setup build && programs_build
		exit
	fi
	[ -d build ] && command -v make >/dev/null && command -v cc >/dev/null || exit 0
	said=$(umask 022 && make -s "${LITE_RAFT_MAKE:-all}" 2>&1) || die 78 "cannot build the programs in $root: $said"
)

# lay_out I: node I's copy of the tree, and what an administrator would write
# into its conf.
lay_out() {
	tree=$dir/n$1/lite-raft
	[ ! -f "$tree/conf/node_name" ] || return 0
	mkdir -p "$tree" || return 1
	for part in README LICENSE Makefile lite-raft lite-raft-client bin libexec conf man share pkg control-scripts; do
		[ ! -e "$root/$part" ] || cp -Rp "$root/$part" "$tree" || return 1
	done
	for part in node_name cluster_name cluster_nodes.old known_hosts peer_key peer_key.pub client_key client_key.pub; do
		rm -f "$tree/conf/$part"
	done
	names='' places=''
	j=1
	while [ "$j" -le "$nodes" ]; do
		names="$names${names:+ }n$j"
		places="${places}n$j $dir/n$j/lite-raft
"
		j=$((j + 1))
	done
	printf '%s\n' "$names" >"$tree/conf/cluster_nodes" &&
		printf '%s' "$places" >"$tree/conf/directories" &&
		printf '%s\n' "$timeout" >"$tree/conf/election_timeout" &&
		printf 'n%s\n' "$1" >"$tree/conf/node_name"
}

# runs I: prints the pid of node I's role if the node runs.
runs() {
	cd "$dir/n$1/lite-raft" && [ -d state ] && libexec/os/hold --who state/running
}

# boot I: the first boot, or a start where that is behind us.
boot() {
	cd "$dir/n$1/lite-raft" || return 1
	if [ ! -d state ]; then
		./lite-raft first-boot
	elif ! runs "$1" >/dev/null; then
		./lite-raft start
	fi
}

# halt I: stops node I, gently.
halt() {
	runs "$1" >/dev/null || return 0
	libexec/step/timer limit 20 ./lite-raft stop
}

# pids: prints what still runs in the nodes' directories and is ours: Linux
# knows each process's directory, elsewhere the role's pid must do.
pids() {
	if [ ! -e /proc/self/cwd ]; then
		i=1
		while [ "$i" -le "$nodes" ]; do
			(runs "$i") || :
			i=$((i + 1))
		done
		return 0
	fi
	find /proc -maxdepth 2 -name cwd -path '/proc/[0-9]*' -exec ls -l {} + 2>/dev/null |
		awk -v here="/cwd -> $dir/n" 'index($0, here) {
			sub(/\/cwd -> .*/, "")
			sub(/.*\/proc\//, "")
			print
		}' | while read -r pid; do
		case $(args_of "$pid") in
		*libexec/* | *conf/ssh_config*) printf '%s\n' "$pid" ;;
		*) : ;; # or ksh93 would fail where args_of has: it is gone
		esac
	done
}

# signal NAME PIDS: sends it to each of them that is still there.
signal() {
	for pid in $2; do
		kill -s "$1" "$pid" 2>/dev/null || :
	done
}
