# fsck.sh - lite-raft fsck: what is wrong with the state of a stopped node.
#
# There is one reader of state/, the one that start uses: it is let loose on a copy,
# and what it notes there is what is wrong.  With --repair it then does the same here,
# once all that it is going to change is kept.

. libexec/lib/start.sh

fsck_trial=fsck.trial

fsck() { # REPAIR
	lost_check 'look at state/'
	[ -d state/log ] || die 78 'cannot look at state/: this node has not had its first boot'
	. libexec/lib/boot.sh
	programs_build >&2
	! pid=$(running) || die 1 "cannot look at state/: this node runs (pid $pid); first: ./lite-raft stop"
	exec libexec/os/hold state/running libexec/lib/fsck ${1:+"$1"}
}

# Copies state/ to where a node may do with it what it likes.  A snapshot never
# changes under its name: a link to its files will do.
fsck_copy() {
	rm -rf "$fsck_trial"
	fsck_dirs "$fsck_trial"
	mkdir "$fsck_trial/message-log" || die 74 "cannot make $fsck_trial/message-log"
	find state -type f | while read -r file; do
		fsck_keep "$file" "$fsck_trial"
	done
}

# Makes DIR, and below it the directories of state/.
fsck_dirs() { # DIR
	mkdir "$1" || die 74 "cannot make $1"
	find state -type d | while read -r dir; do
		mkdir "$1/$dir" || die 74 "cannot make $1/$dir"
	done || exit
}

# Copies FILE of state/ to below DIR; ends the script if that can't be done.
fsck_keep() { # FILE DIR
	case $1 in
	state/snapshot/*) ! ln "$1" "$2/$1" 2>/dev/null || return 0 ;;
	esac
	fsck_why=$(cp -p "$1" "$2/$1" 2>&1) || die 74 "cannot copy $1 to $2: ${fsck_why##*: }; if the disk can't read" \
		"it: $(fsck_back)"
}

# The way back for a node whose state is of no use.
fsck_back() {
	if [ "$(grep -c -E '^(member|joining|leaving) ' state/members 2>/dev/null)" = 1 ]; then
		printf 'mv state state.old; ./lite-raft first-boot --from BACKUP'
	else
		printf 'mv state state.old, then on another node ./lite-raft-client del-member and add-member'
	fi
}

# The same for one whose log has lost something, and that can start.
fsck_wait() {
	if [ "$(cd "$fsck_trial" && ../libexec/os/node show members)" = 1 ]; then
		printf 'there is no other node that has it: ./lite-raft recover keeps what lies before'
	else
		printf 'start it, and a leader sends what is missing'
	fi
}

# One thing that is wrong, and what becomes of it: mends, waits or refuses.
fsck_say() { # WORD TEXT
	printf '%-8s%s\n' "$1" "$2"
}

# Prints what a start has noted of the copy; 1 if it can't start.
fsck_judge() {
	why=$(cd "$fsck_trial" && exec ../libexec/os/node verify 2>&1) || why="refuses ${why#*: *: }"
	[ ! -s "$fsck_trial/message-log/node.log" ] || while read -r _ _ _ event; do
		case $event in
		*': this node neither votes nor campaigns'*) fsck_say waits "${event%: this node*}; $(fsck_wait)" ;;
		*) fsck_say mends "$event" ;;
		esac
	done <"$fsck_trial/message-log/node.log"
	if [ -z "$why" ]; then
		why=$(cd "$fsck_trial" && exec ../libexec/os/node boot 2>&1) || why="refuses ${why#*: }"
	fi
	if [ -z "$why" ]; then
		# In parentheses: see backup_write.
		why=$( (cd "$fsck_trial" && exec ../libexec/step/snapshot export --whole 2>&1 >/dev/null)) || why="refuses ${why#*: }"
	fi
	[ -z "$why" ] || case $why in
	*./lite-raft* | *'first-boot it anew') fsck_say refuses "${why#refuses }" ;;
	*) fsck_say refuses "${why#refuses }; $(fsck_back)" ;;
	esac
}

# Keeps each file that the trial has changed, and lets verify change it.
fsck_repair() {
	kept=state.before.$(date -u +%Y%m%dT%H%M%SZ)
	fsck_dirs "$kept"
	find state -type f | while read -r file; do
		cmp -s "$file" "$fsck_trial/$file" || fsck_keep "$file" "$kept"
	done || exit
	libexec/os/node verify || exit
	say "mended; what was changed is kept in $kept"
}
