# member.bash - what the tests of the steps share: a node's directory, the other
# members' frames, and strace to stop a step where it hurts.

load unit

# node_up [-s BYTES] [NAME...]: this directory becomes the node a of a, b and c
# (or of those names), and runs.  There is no run/ and so no memory of a leader.
node_up() {
	local size=(-s 65536)
	[ "${1-}" != -s ] || { size=(-s "$2") && shift 2; }
	[ "$#" -gt 0 ] || set -- a b c
	member form "${size[@]}" "$@"
	node_runs
}

# node_runs: somebody holds the node's own lock; sets $node.
node_runs() {
	hold state/running sleep 600 3>&- 4>&- &
	node=$!
	started="$started $node"
	soon hold --who state/running >/dev/null
}

# keep NAME: a copy of state/ as it is.  back NAME: and state/ is that again (the
# node's own lock stays where it is).
keep() {
	rm -rf "$1"
	cp -r state "$1"
}
back() {
	rm -rf state/log/* state/snapshot state/*.new
	cp -r "$1/." state/
}

# same NAME: state/ is what it was.
same() {
	diff -r "$1" state
}

shows() { # KEY
	node show "$1"
}

# answer WORDS...: gives "vote answer" a ballot (see member); sets $status, $output.
answer() {
	member ballot "$@" >frame
	answer_frame
}

answer_frame() {
	status=0
	vote answer <frame >reply 2>err || status=$?
	output=$(member replies <reply)
}

# granted FROM TERM LAST, refused FROM TERM LAST [TERM]: what the answer must be;
# the last TERM is the voter's own.
granted() {
	answer "$@"
	[ "$status $output" = "0 voted real to $1 term $2 seq $2 yes" ]
}
refused() {
	answer "$1" "$2" "$3"
	[ "$status $output" = "1 voted real to $1 term ${4:-$2} seq $2 no" ]
}

# sends WORDS...: gives "append" one frame (see member); sets $status, $output.
sends() {
	member append "$@" >frame
	sends_frames
}

sends_frames() {
	status=0
	append <frame >reply 2>err || status=$?
	output=$(member replies <reply)
}

# takes FROM TERM LOG PREV COUNT [KEY=VALUE...]: it is acknowledged.
takes() {
	sends "$@"
	[ "$status" -eq 0 ] && [[ $output == *" yes $(($4 + $5)) "* ]]
}

# log_is LOG: on the disk there are these entries, and nothing behind them.
log_is() {
	local is
	is=$(member log)
	[ "$is" = "$1" ] || {
		printf 'the log is %s, not %s\n' "$is" "$1"
		return 1
	}
}

# damaged: the node knows that its log is; whole: it is not.
damaged() {
	[ "$(shows damaged)" = yes ]
}
whole() {
	[ "$(shows damaged)" = no ]
}

# commit_is INDEX: run/commit_index says so.
commit_is() {
	printf '%016d %016d\n' "$1" "$1" >run/commit_index
}

# mark: what state/lock says: clean, dirty or cut.
mark() {
	head -n 1 state/lock | cut -d ' ' -f 4
}

# asleep: timer, which is $pid, waits for words.
asleep() {
	[ -p run/wake ] && [ "$(ps -o stat= -p "$pid" | cut -c 1)" = S ]
}

# poke FILE BYTE [BIT]: flips a bit.
poke() {
	local old
	old=$(od -An -tu1 -j "$2" -N 1 "$1")
	printf "\\x$(printf %02x "$((old ^ (1 << ${3:-0})))")" |
		dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# --- strace: LeakSanitizer does not run under it -----------------------------

CALLS='?pwrite64,?pwrite,fdatasync,fsync,?unlinkat,?renameat,?renameat2,?mkdirat,?mknodat,?ftruncate,write,openat'

need_strace() {
	export ASAN_OPTIONS=detect_leaks=0
	strace -o /dev/null true 2>/dev/null || skip 'strace does not run here'
}

# trace CMD...: leaves in ./trace what the command does to files.
trace() {
	strace -qq -y -o trace -e trace="$CALLS" "$@"
}

# story: the same in words: w:FILE written, s:FILE synced, d:DIR synced, -:FILE
# removed, reply.
story() {
	sed -n -e 's/^pwrite[64]*([0-9]*<\([^>]*\)>.*/w:\1/' \
		-e 's/^fdatasync([0-9]*<\([^>]*\)>.*/s:\1/' \
		-e 's/^fsync([0-9]*<\([^>]*\)>.*/d:\1/' \
		-e 's/^unlinkat([^"]*"\([^"]*\)".*/-:\1/' \
		-e 's/^write(1<.*/reply/' \
		-e 's,^\([wsd-]\):.*/,\1:,' -e '/^[wsd-]:/p' -e '/^reply/p' trace | tr '\n' ' '
}

# essence: the story of the term, the log and the reply alone.
essence() {
	story | tr ' ' '\n' | grep -E '^[ws]:(term|[0-9]+)$|^reply' | paste -sd ' ' -
}

# points: "NAME NTH" of each call of ./trace that may change something; sets the
# array $point.  Of those that fill a new segment with zeros, the first three.
points() {
	mapfile -t point < <(awk '{
		name = $0
		sub(/\(.*/, "", name)
		nth[name]++
		if (name == "openat" && !/O_CREAT/)
			next
		if (!/^pwrite.*\\0"\.\.\., 262144/ || ++zeros <= 3)
			print name, nth[name]
	}' trace)
	[ "${#point[@]}" -gt 3 ]
}

# at "NAME NTH" HOW CMD...: that call meets HOW, signal=KILL or error=EIO; ./met says
# which it was.
at() {
	local name=${1% *} nth=${1#* } how=$2
	shift 2
	# bash says that a process was killed
	{ strace -qq -y -o met -e trace="$name,write" -e "inject=$name:$how:when=$nth" \
		"$@" 2>&9; } 9>&2 2>/dev/null
}
