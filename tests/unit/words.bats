# Lines of words, F39.

load unit

@test "every byte comes back, alone and among others" { "$ROOT/build/tests/words" every_byte; }
@test "random bytes come back" { "$ROOT/build/tests/words" random_bytes; }
@test "only harmless bytes stand without quotes" { "$ROOT/build/tests/words" bare_set; }
@test "lines are split as they are meant" { "$ROOT/build/tests/words" good_lines; }
@test "what is malformed is refused" { "$ROOT/build/tests/words" bad_lines; }
