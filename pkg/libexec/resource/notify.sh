# notify.sh - tells somebody: runs COMMAND with the words "started" or "stopping",
# the package and the node.  A start does not wait for it; a stop, which nothing of the
# package outlives, does for 2 s (pkg_stop).
#
#	notify COMMAND

notify_run() { # COMMAND WHAT
	sh -c "$1 \"\$@\"" notify "$2" "$PKG_NAME" "${PKG_NODE:-$(uname -n)}" </dev/null >/dev/null 2>&1 &
}

notify_start() { notify_run "$1" started; }
notify_stop() { notify_run "$1" stopping && pkg_told="${pkg_told-} $!"; }
notify_status() { return 5; }
notify_check() { :; }
notify_kill() { :; }
