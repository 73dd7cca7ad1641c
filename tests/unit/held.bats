# What clients hold of a leader's memory, and of its turns, together.

load member

held_case() {
	node_up a
	mkdir run
	printf '10\n' >run/election_timeout
	vote ask >/dev/null
	"$ROOT/build/tests/held" "$1"
}

@test "F40 answers that are put off come when there is room, however soon" { held_case out; }
@test "F40 lines that are put off are read when there is room, however soon" { held_case in; }
@test "F41 what thousands watch is applied in several turns" { held_case watched; }
@test "F61 a line of many words takes no memory for them" { held_case words; }
