# Configurations, over all that there are of up to five nodes.

load unit

@test "F20 a joint configuration's majority is one of the old and one of the new; learners count nowhere" {
	"$ROOT/build/tests/members" quorums
}

@test "F20 what is committed in a joint configuration" { "$ROOT/build/tests/members" indexes; }
@test "F20 a ballot in a joint configuration" { "$ROOT/build/tests/members" ballots; }
@test "a configuration is read as it was written; one without voters is none" { "$ROOT/build/tests/members" texts; }

@test "F28 no two majorities of a configuration and the next are apart, whatever changes; each change ends" {
	"$ROOT/build/tests/members" changes
}

@test "F34 F35 who may be added, and who removed" { "$ROOT/build/tests/members" identities; }
