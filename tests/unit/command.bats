# What a client may ask, and as what it stands in the log, F39.

load unit

@test "every verb in its forms, and none in others" { "$ROOT/build/tests/command" verbs; }
@test "operators, and numbers for those that compare numbers" { "$ROOT/build/tests/command" operators; }
@test "keys of 1 to 1024 bytes, values of 0 to 1048576" { "$ROOT/build/tests/command" limits; }
@test "a payload that nobody can have made is refused" { "$ROOT/build/tests/command" bad_payloads; }
@test "a damaged payload is never read past its end" { "$ROOT/build/tests/command" damaged_payloads; }
@test "request ids have one spelling" { "$ROOT/build/tests/command" request_ids; }
