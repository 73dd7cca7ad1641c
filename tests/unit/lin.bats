# The linearizability checker: histories that are known to be good or bad, and
# random ones.

load unit

check=$ROOT/build/tests/lin/check
random=$ROOT/build/tests/lin/random

# good OPERATIONS KEYS, bad WORDS: what the checker says of the history on stdin.
good() {
	sed "s/ => /	/; s/ =>\$//" >history
	run -0 "$check" history
	[ "$output" = "linearizable: $1 operations, $2 keys" ]
}

bad() {
	sed "s/ => /	/; s/ =>\$//" >history
	run -1 "$check" history
	[[ $output == *"$1"* ]]
}

@test "one after the other, and nothing at all" {
	good 9 2 <<-'END'
		# CLIENT INVOKED RETURNED REQUEST => ANSWER
		1 10 20 get k => 1

		1 30 40 set k "a b" => 0
		2 50 60 get k => 0 "a b"
		2 70 80 set other "" => 0
		2 90 100 get other => 0 ""
		1 110 120 unset k => 0
		1 130 140 unset k => 0
		1 150 160 get k => 1
		1 170 180 noop => 0
	END
	good 0 0 </dev/null
}

@test "a read beside a write may see what was before or behind it" {
	good 4 1 <<-'END'
		1 10 20 set k a => 0
		1 30 60 set k b => 0
		2 30 40 get k => 0 a
		2 45 55 get k => 0 b
	END
	# But not what was before it, once it was seen.
	bad 'k = b' <<-'END'
		1 10 20 set k a => 0
		1 30 60 set k b => 0
		2 30 40 get k => 0 b
		2 45 55 get k => 0 a
	END
}

@test "who returns when another is invoked is beside it" {
	good 3 1 <<-'END'
		1 10 20 set k a => 0
		1 30 40 set k b => 0
		2 40 50 get k => 0 a
	END
	bad 'get k' <<-'END'
		1 10 20 set k a => 0
		1 30 40 set k b => 0
		2 41 50 get k => 0 a
	END
}

@test "a stale read is told with the key, what it held and who wrote what was read" {
	sed 's/ => /	/' >history <<-'END'
		1 10 20 set fine 1 => 0
		1 30 40 set k old => 0
		2 50 60 set k new => 0
		3 70 80 get k => 0 old
		3 90 95 get k => 0 new
	END
	run -1 "$check" <history
	cat >expected <<-'END'
		not linearizable: k, 4 operations, 3 states tried
		  no order explains
		    3 70 80 get k => 0 old
		  the most that fits before it leaves k = new
		  what it read was written by
		    1 30 40 set k old => 0
		  before it
		    1 30 40 set k old => 0
		    2 50 60 set k new => 0
	END
	[ "$output" = "$(sed 's/ => /	/' expected)" ]
}

@test "a read of what was never written" {
	bad 'what it read was never written' <<-'END'
		1 10 20 set k a => 0
		2 15 30 get k => 0 b
	END
	bad 'what it read was never written' <<<'1 10 20 get k => 0 a'
	# Of another key, or refused.
	bad 'what it read was never written' <<-'END'
		1 10 20 set other a => 0
		2 30 40 get k => 0 a
	END
	bad 'what it read was never written' <<-'END'
		1 10 20 set k a => 69 not-leader
		2 30 40 get k => 0 a
	END
}

@test "a lost update" {
	bad 'get k' <<-'END'
		1 10 20 set k a => 0
		2 30 40 get k => 1
	END
	# Both counted from 1: one of them should have been told no.
	bad 'if k = 1 set 2' <<-'END'
		1 10 20 set k 1 => 0
		1 30 50 if k = 1 set 2 => 0
		2 30 50 if k = 1 set 3 => 0
	END
	good 3 1 <<-'END'
		1 10 20 set k 1 => 0
		1 30 50 if k = 1 set 2 => 0
		2 30 50 if k = 2 set 3 => 0
	END
}

@test "a conditional set that was carried out twice, or against its answer" {
	# Its second time, behind the repair by the other.
	bad 'get k' <<-'END'
		1 10 20 set k 1 => 0
		1 30 40 if k = 1 set 2 => 0
		2 50 60 set k 1 => 0
		2 70 80 get k => 0 2
	END
	# The answer of the second time to what the first has done.
	bad 'if k' <<-'END'
		1 10 20 set k 1 => 0
		1 30 40 if k = 1 set 2 => 1
		2 50 60 get k => 0 2
	END
}

@test "an outcome that nobody knows: at any time behind its invocation, once, or never" {
	good 6 1 <<-'END'
		1 10 20 set k a => 0
		1 30 - set k b => 75
		2 40 50 get k => 0 a
		2 60 70 set k c => 0
		2 80 90 get k => 0 c
		2 100 110 get k => 0 b
	END
	bad 'get k' <<-'END'
		1 10 20 set k a => 0
		1 30 - set k b =>
		2 40 50 get k => 0 b
		2 60 70 set k c => 0
		2 80 90 get k => 0 b
	END
	bad 'get k' <<-'END'
		2 10 20 get k => 0 b
		1 30 - set k b => 75
	END
	# With a time of return it is just as unknown; a read that failed is nothing.
	good 4 1 <<-'END'
		1 10 20 set k b => 75 "no majority"
		2 30 40 get k => 1
		2 50 60 get k => 0 b
		2 70 - get k =>
	END
	bad 'get k' <<-'END'
		1 10 20 set k a => 0
		1 30 - if k = b set c => 75
		2 40 50 get k => 0 c
	END
}

@test "every condition, as the manual has it" {
	good 22 3 <<-'END'
		1 10 11 if k absent set 7 => 0
		1 20 21 if k absent set 8 => 1
		1 30 31 if k exists set +7 => 0
		1 40 41 if k = 7 set 8 => 1
		1 50 51 if k -eq 7 set 7 => 0
		1 60 61 if k != 7 unset => 1
		1 70 71 if k -ne 7 unset => 1
		1 80 81 if k -lt 8 set -9 => 0
		1 90 91 if k -le -9 set 10 => 0
		1 100 101 if k -gt 9 set 11 => 0
		1 110 111 if k -ge 12 set 12 => 1
		1 120 121 if k -ge 11 unset => 0
		1 130 131 if k -eq 0 set 0 => 1
		1 140 141 if k != 0 set 0 => 1
		1 150 151 if k exists unset => 1
		2 10 20 set text x => 0
		2 30 40 if text -ne 1 set y => 1
		2 50 60 if text != 1 set 9223372036854775807 => 0
		2 70 80 if text -gt 9223372036854775806 set y => 0
		2 90 100 get text => 0 y
		3 10 20 if gone exists set x => 1
		3 30 40 get gone => 1
	END
	for wrong in 'if k -eq 8 set x => 0' 'if k -eq 7 set x => 1' 'if k -lt 7 set x => 0' \
		'if k -le 6 set x => 0' 'if k -gt 7 set x => 0' 'if k -ge 8 set x => 0' \
		'if k -ne 7 set x => 0' 'if k = +7 set x => 0' 'if k != 7 set x => 0' \
		'if k absent set x => 0' 'if k exists set x => 1' 'unset k => 1' 'set k x => 1'; do
		printf '1 10 20 set k 7 => 0\n1 30 40 %s\n' "$wrong" | bad "${wrong% =>*}"
	done
}

@test "a list sees all of a moment, or is none" {
	good 7 3 <<-'END'
		1 10 20 set g.a 1 => 0
		1 30 60 set g.b 1 => 0
		2 30 60 unset g.a => 0
		3 35 55 list g. => 0 g.a g.b
		4 70 80 list g. => 0 g.b
		5 70 80 list none => 0
		6 70 80 get h => 1
	END
	# It saw the second write, but not the first.
	bad 'list g.' <<-'END'
		1 10 20 set g.a 1 => 0
		1 30 40 set g.b 1 => 0
		3 15 50 list g. => 0 g.b
	END
	# Two that saw two writes in two orders.
	bad 'list g.' <<-'END'
		1 10 50 set g.a 1 => 0
		2 10 50 set g.b 1 => 0
		3 20 30 list g. => 0 g.a
		4 35 40 list g. => 0 g.b
	END
	bad 'list ""' <<<'3 15 50 list "" => 0 g.b'
	for wrong in 'g.b g.a' 'g.a g.a g.b' 'g.a g.b other' g.a ''; do
		printf '%s\n' '1 10 20 set g.b 1 => 0' '1 30 40 set g.a 1 => 0' \
			'1 50 60 set other 1 => 0' "1 70 80 list g. => 0 $wrong" | bad 'list g.'
	done
}

@test "what can be no history is refused with its line" {
	for line in 'set k v => 0' '1 2 get k => 1' '1 20 10 get k => 1' '1 10 - get k => 1' \
		'1 10 20 get k => 0' '1 10 20 get k => 0 a b' '1 10 20 set k v => 0 v' \
		'1 10 20 noop => 1' '1 10 20 list "" => 1' '1 10 20 status => 0 n1' \
		'1 10 20 if k -eq x set y => 0' '1 10 20 get "" => 1' 'x 10 20 get k => 1' \
		'1 10 20 get k => yes' '1 10 20 get "k => 1'; do
		printf '1 10 20 get k => 1\n%s\n' "$line" | sed 's/ => /	/' >history
		run -64 "$check" history
		[[ $output == 'check: cannot read line 2: '* ]]
	done
	run -64 "$check" -x
	run -64 "$check" history -m
	run -74 "$check" none
	[[ $output == 'check: cannot read none: '* ]]
}

@test "it gives up when it may take no more memory, and never says yes" {
	for n in {1..120}; do
		printf '%s 10 - if k = v%s set v%s\t75\n' "$n" "$((n * 7 % 121))" "$((n * 11 % 121))"
		printf '%s 10 20000 set k v%s\t0\n' "$n" "$n"
	done >history
	printf '1 20 15000 get k\t0 nothing\n' >>history
	run -2 "$check" -m 1 history
	[[ ${lines[0]} == 'gave up: k, 241 operations, '*' states tried' ]]
}

@test "a fault in the midst of many clients: of a hundred in a row nobody knows the outcome" {
	for seed in {1..8}; do
		"$random" history "$seed" 600 10 1 0 0 |
			awk 'NR > 250 && NR <= 350 { sub(/^[0-9]+ [0-9]+ [0-9]+/, $1 " " $2 " -"); sub(/\t.*/, "\t") } 1' >history
		run -0 "$check" -m 32 history
		[ "$output" = 'linearizable: 600 operations, 1 keys' ]
	done
}

@test "small histories: the verdict is that of trying every order" {
	run -0 "$random" compare 1 20000
	[[ $output =~ ^([0-9]+)\ linearizable,\ ([0-9]+)\ not$ ]]
	((BASH_REMATCH[1] > 5000 && BASH_REMATCH[2] > 5000))
}

@test "large histories: 100,000 operations, 10 clients, 20 keys" {
	"$random" history 1 100000 10 20 1 0 >history
	run -0 timeout 60 "$check" history
	[ "$output" = 'linearizable: 100000 operations, 20 keys' ]
	# One answer that is wrong, among as many.
	found=0
	for seed in {1..10}; do
		"$random" history "$seed" 20000 10 20 1 1 >history
		timeout 60 "$check" history >said || found=$((found + ($? == 1)))
	done
	((found >= 4))
}
