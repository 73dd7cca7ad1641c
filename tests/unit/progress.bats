# What add-member says while it waits, without a terminal.

load unit

# at SECONDS HAVE: what is said then, when so much of a snapshot is there.
at() {
	now_is=$1 have=$2
	progress
}

setup() {
	cd "$ROOT" || return
	prog=lite-raft-client
	. libexec/lib/lite.sh
	. libexec/lib/progress.sh
	now_load() { now=$now_is; }
	libexec/link/call() { :; }
	row_find() { match=$matched last=900; }
	hello_load() { hello=$(printf 'nonce -\nincoming %s 5000\nlast 0\n' "$have"); }
	now_is=100 matched=0
	progress_begin n4
}

@test "a line every five seconds: how much is there, how fast it comes, how long it takes" {
	[ -z "$(at 101 1000)" ]
	at 101 1000
	run -0 at 105 3000
	[ "$output" = 'lite-raft-client: n4 has 3000 of 5000 bytes, 500 a second, 4 s left' ]
	at 105 3000 >/dev/null
	[ -z "$(at 106 3500)" ]
	run -0 at 110 3001
	[ "$output" = 'lite-raft-client: n4 has 3001 of 5000 bytes, 222 a second, 9 s left' ]
}

@test "what was there before is not what comes; nothing comes, nothing is foretold" {
	at 101 4000
	run -0 at 106 4000
	[ "$output" = 'lite-raft-client: n4 has 4000 of 5000 bytes' ]
}

@test "behind the snapshot it is entries" {
	matched=870
	run -0 at 105 0
	[ "$output" = 'lite-raft-client: n4 has 870 of 900 entries' ]
}
