# call.bash - what the tests of call share: leaders that are not what they should
# be.  Its own node is called a, the others are reached by a stub of link/peer.

setup() {
	mkdir -p "$BATS_TEST_TMPDIR/a node"
	cd "$BATS_TEST_TMPDIR/a node"
	started=
	mkdir -p run conf state libexec/link peers
	printf '# the nodes\na b # two\n\tc\n' >conf/cluster_nodes
	printf 'lite-raft-node 1 a 0123456789abcdef - member 00000000\n' >state/node
	: >state/running
	: >heard
	: >asked
	cat >libexec/link/peer <<-'END'
		#!/bin/sh
		printf '%s\n' "$*" >>asked
		[ "$1" != -o ] || shift
		[ -x "peers/$1" ] || exit 255
		exec "peers/$1"
	END
	chmod +x libexec/link/peer
}

# peer NAME: what the node NAME does behind ssh is on stdin.
peer() {
	{ printf '#!/bin/sh\n' && cat; } >"peers/$1"
	chmod +x "peers/$1"
}

# leads NAME ANSWER: it hears one request, which is left in ./heard.
leads() {
	peer "$1" <<-END
		printf '\nlite-raft-gate 1\nhello 1 17\n'
		IFS= read -r line
		printf '%s\n' "\$line" >>heard
		printf '%s\n' '$2'
	END
}

# follows NAME LEADER
follows() {
	peer "$1" <<-END
		printf '\nlite-raft-gate 1\n69 not-leader $2\n'
		exit 69
	END
}

# leader ACTION...: on this node; what it hears is in ./out.
leader() {
	rm -f run/client.sock # of one before
	start fake run/client.sock "$@"
	soon listening run/client.sock
}

listening() {
	[ -S "$1" ]
}

# ids FILE: the request ids in it, each once.
ids() {
	sed -n 's/^id=\([^ ]*\) .*/\1/p' "$1" | sort -u
}

# told STATUS PATTERN WORDS...: so ends call, at last when it has time enough: one of
# $tries, in seconds.  Its stdin is $input; each time there is a leader of this $scene.
told() {
	local wanted=$1 pattern=$2 seconds
	shift 2
	for seconds in ${tries:-0.2 1 5}; do
		[ -z "${scene-}" ] || leader "${scene[@]}"
		: >asked >heard
		took_less $((${seconds%.*} + 7)) run call --timeout "$seconds" "$@" <"${input:-/dev/null}"
		[ "$status" -ne "$wanted" ] || [[ $output != $pattern ]] || return 0
	done
	printf 'status %s: %s\n' "$status" "$output"
	return 1
}

# took_less SECONDS CMD...: run CMD, and measure.
took_less() {
	local limit=$1 start
	shift
	start=$(now)
	"$@"
	[ "$(($(now) - start))" -lt "$((limit * 1000000))" ]
}
