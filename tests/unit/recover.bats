# recover: whether those that answer can elect a leader (living.awk).

load unit

# says NAME MEMBERS [CLUSTER]: NAME answers, and has these: a word each, "NAME" for a member,
# "PART:NAME" for others.  A name's id is the name and a 1.
says() {
	local word
	printf 'lr1 hello! %s %s %s1 -\nnonce 1\nnodes a b\n' "${3-c1}" "$1" "$1"
	for word in $2; do
		[[ $word = *:* ]] || word=member:$word
		printf '%s %s %s1\n' "${word%:*}" "${word#*:}" "${word#*:}"
	done
}

living() { awk -v asked='a b c d e f' -f "$ROOT/libexec/lib/living.awk"; }

@test "F67 who can elect a leader: a majority of the voters, learners don't count" {
	local all='a b c learner:d learner:e entering:f'
	[ -z "$(says a 'a b c' | living)" ]
	[ "$({ says a 'a b c' && says c ''; } | living)" = 'a c' ]
	[ "$(says a 'a' | living)" = a ]
	# Two voters of three are lost: no learner replaces them.
	[ -z "$({ says a "$all" && says d "$all" && says e "$all" && says f "$all"; } | living)" ]
	# Nor are learners that are lost missed.
	[ "$({ says a "$all" && says b "$all"; } | living)" = 'a b' ]
	# One of four, two of four; one that has lost its state.
	[ -z "$({ says a 'a b c d' && says b 'a b c d'; } | living)" ]
	[ -z "$({ says a 'a b c' && says b '' | sed 's/b1/b2/'; } | living)" ]
	# One that has another cluster by now.
	[ -z "$({ says a 'a b c' && says b b c2; } | living)" ]
}

@test "F67 while the members change: both majorities, of what any of them has" {
	local joint='a leaving:b leaving:c joining:d joining:e'
	# The old ones, the new ones, both.
	[ -z "$({ says a "$joint" && says b "$joint"; } | living)" ]
	[ -z "$({ says a "$joint" && says d "$joint" && says e "$joint"; } | living)" ]
	[ "$({ says a "$joint" && says b "$joint" && says d "$joint"; } | living)" = 'a b d' ]
	# One of them knows that it is over, or that it never began.
	[ "$({ says a "$joint" && says d 'a d e'; } | living)" = 'a d' ]
	[ "$({ says a "$joint" && says b 'a b c'; } | living)" = 'a b' ]
}

@test "who is to be asked: everybody that somebody names, once" {
	run -0 awk -v asked='a b' -f "$ROOT/libexec/lib/living.awk" < <(says a 'a b learner:c' && says b 'a b c d')
	[ "$output" = 'ask c d' ]
}
