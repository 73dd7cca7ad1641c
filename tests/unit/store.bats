# The replicated state machine.

load unit

@test "it does what a sorted array does" { "$ROOT/build/tests/store" against_model; }
@test "keys may begin with each other, to any depth" { "$ROOT/build/tests/store" deep_keys; }
@test "F38: what a condition says of a key that is there, and of one that is not" { "$ROOT/build/tests/store" conditions; }
@test "F37 F66: repeats at the edges of the window" { "$ROOT/build/tests/store" window_edges; }
@test "F37: no request is carried out twice" { "$ROOT/build/tests/store" window_model; }
@test "a million keys take less than twice their bytes" {
	"$ROOT/build/tests/store" memory
	"$ROOT/build/tests/store" memory_decimal
}
