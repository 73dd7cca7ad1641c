# How much of a leader's turn those take who watch and are behind, and of its log.

load member

# logged: a node with more in its log than a turn reads.
logged() {
	node_up -s 8388608
	replay write 20000
}

@test "F41 a turn reads no more than a megabyte for all of them, and the next one begins with others" {
	logged
	"$ROOT/build/tests/watches" bytes
}

@test "F41 a turn takes no more than its share of the time between heartbeats" {
	logged
	"$ROOT/build/tests/watches" time
}

@test "what is left of the log is told, though what was before it has gone" {
	node_up
	replay write 10500
	snapshot take
	replay write 100
	snapshot take
	replay write 20
	[ ! -e state/log/0000000000000001 ]
	"$ROOT/build/tests/watches" gone
}
