# shells.sh - the POSIX shells that the scripts are to run under; sourced by
# tests/run and by bats.

# shell_names: prints their names; ash is busybox's.
shell_names() {
	printf '%s\n' dash bash ksh93 mksh ash yash
}

# shell_find NAME DIR: prints the shell's path; where busybox goes by no other name,
# ash gets a link in DIR.  1 if there is no such shell.
shell_find() {
	command -v "$1" && return
	[ "$1" = ash ] && command -v busybox >/dev/null || return 1
	mkdir -p "$2" && ln -sf "$(command -v busybox)" "$2/ash" &&
		printf '%s\n' "$2/ash"
}

# shell_tree TREE SHELL: copies this tree, without what a node or git keeps here,
# to TREE, where SHELL (a path) is what its scripts run under.
shell_tree() (
	mkdir -p "$1" || exit
	for part in * .ci; do
		case $part in
		build) ln -s "$PWD/build" "$1" ;;
		sandbox | state | run | message-log) ;;
		*) cp -Rp "$part" "$1" ;;
		esac || exit
	done
	cd "$1" && . libexec/lib/boot.sh && shell_use "$2"
)
