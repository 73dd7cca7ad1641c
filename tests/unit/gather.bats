# When a leader begins a turn: with how many requests, and never late.

load unit

@test "who is alone never waits, and nobody for one that asks no more" { "$ROOT/build/tests/gather" alone; }
@test "behind a turn that is not committed: a millisecond at most, and not what is much" { "$ROOT/build/tests/gather" behind; }
@test "those who are answered together are waited for, while they come" { "$ROOT/build/tests/gather" together; }
