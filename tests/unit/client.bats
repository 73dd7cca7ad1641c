# The client's half of the conversation, apart from system calls.

load unit

@test "an answer may come in any pieces" { client pieces; }
@test "F37: all attempts have one id" { client one_id; }
@test "a line without an end is not waited for, a long one is" { client no_end; }
@test "a number of seconds in a file of conf/" { client settings; }
@test "each node is asked once in a round, who is said to lead first" { client rounds; }
