# faults.bash - a program is killed at each of its calls in turn, and has each of its
# opens, writes, syncs, renames and removals fail.  Writes come to a part of their bytes,
# too: no file may grow beyond the midst of one, so that the kernel takes what fits, and
# then refuses the rest (short), or ends who comes with it (torn).  For those that load
# member before.
#
# A few of the calls, spread over all of them, and the first write to state/term or to a
# new state/node; make faults takes each.

# What may happen to a call; LIMIT: where its write is cut, or "-".
fates() { # NAME LIMIT
	printf 'signal=KILL\n'
	case $1 in
	write | unlinkat) printf 'error=EIO\n' ;;
	*) printf 'error=EIO\nerror=ENOSPC\n' ;;
	esac
	[ "$2" = - ] || printf '%s=%s\n' short "$2" torn "$2"
}

# meets FATE "NAME NTH" CMD...
meets() {
	local fate=$1 call=$2
	shift 2
	case $fate in
	short=*) (trap '' XFSZ && exec prlimit --fsize="${fate#*=}" "$@") ;;
	# bash says that a process was killed
	torn=*) { prlimit --core=0 --fsize="${fate#*=}" "$@" 2>&9; } 9>&2 2>/dev/null ;;
	*) at "$call" "$fate" "$@" ;;
	esac
}

# calls: "NAME NTH LIMIT" of each call of ./trace that is of this node's files, or the
# reply; behind the first write of who this node is, or of its vote, a word more.  A limit
# is where the write is cut, and lets through all that was written before.  Sectors are
# written whole: the log is cut between two, and state/lock, which is one, nowhere.
calls() {
	awk '
		function cut(off, n) {
			if (/\/lock>/)
				return 0
			if (!/state\/log\//)
				return off + int(n / 2)
			at = int((off + n / 2) / 512) * 512
			if (at <= off)
				at += 512
			return at < off + n ? at : 0
		}
		{ name = $0; sub(/\(.*/, "", name); limit = "-" }
		name !~ /^[a-z0-9]+$/ { next }
		{ nth[name]++ }
		/, 262144, [0-9]+\) = 262144/ && ++zeros > 3 { next } # as all others of a new segment
		name ~ /^pwrite/ && match($0, /, [0-9]+, [0-9]+\) += [0-9]/) {
			split(substr($0, RSTART + 2), word, /[,)] */)
			at = cut(word[2], word[1])
			if (at > 0 && at >= highest)
				limit = at
			if (word[2] + word[1] > highest)
				highest = word[2] + word[1]
		}
		/"(state|run|message-log)[\/"]/ || /(state|run|message-log)\/[^>]*>/ || /^write\(1</ {
			print name, nth[name], limit, /^pwrite.*\/(term|node\.new)>/ && !first++ ? "always" : ""
		}' trace
}

# carry CMD...: $cmd under it; leaves ./reply and ./err.
carry() {
	"$@" "${cmd[@]}" <in >reply 2>err 5<&-
}

# each SCENE: SCENE_begin makes the state, $cmd and the file ./in; SCENE_holds is true
# of it whatever became of the command, which printed ./reply, once a start has looked
# at it; SCENE_again carries it out, and sees to it that it was.  A command that others
# have to do with has a SCENE_run instead of carry.
each() {
	local call name nth limit always fate n=0 tried=0 every=1 run=carry
	need_strace
	"$1_begin"
	! declare -F "$1_run" >/dev/null || run=$1_run
	keep before
	rm -rf before.run
	[ ! -d run ] || cp -r run before.run
	"$run" trace || printf '%s: %s\n' "$1" "$?"
	calls >all
	[ "$(wc -l <all)" -ge 4 ]
	[ -n "${LITE_RAFT_FAULTS-}" ] || every=$(($(wc -l <all) * 3 / 7 + 1))
	while read -r name nth limit always <&5; do
		call="$name $nth"
		for fate in $(fates "$name" "$limit"); do
			n=$((n + 1))
			[ $((n % every)) -eq 0 ] || case $always:$fate in
			always:error=EIO | always:short=* | always:torn=*) ;;
			*) continue ;;
			esac
			tried=$((tried + 1))
			rm -rf state/members state/node state/seen.* run message-log
			back before
			[ ! -d before.run ] || cp -r before.run run
			status=0
			"$run" meets "$fate" "$call" || status=$?
			printf '%s: %s at %s: %s %s\n' "$1" "$fate" "$call" "$status" "$(<err)"
			case $fate:$status in
			signal=KILL:* | torn=*) ;;
			*:0 | *:1 | *:74 | *:78) [ "$(wc -l <err)" -le 1 ] ;;
			*) false ;;
			esac
			[ ! -e state/node ] || node verify
			"$1_holds"
			"$1_again"
			node verify
			[ "$(shows damaged)" = no ]
		done
	done 5<all
	printf '%s: %s of %s calls, %s in all\n' "$1" "$tried" "$(wc -l <all)" "$n"
	[ "$tried" -ge 4 ]
}
