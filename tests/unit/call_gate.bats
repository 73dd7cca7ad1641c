# call --gate: both ends of a gate's client (call.bash).

load unit
load call

@test "--gate passes everything on, both ends at their own pace" {
	leader say 'hello 1 17' hear say '0 v' swallow
	printf 'get k\nand more' | timer limit 20 call --gate >got
	[ "$(cat got)" = $'hello 1 17\n0 v' ]
	ended
	[ "$output" = $'get k\nswallowed 8' ]
}

@test "--gate: much in both directions at once, and a slow reader" {
	head -c 3000000 /dev/zero >big
	leader flood 3000000 swallow
	timer limit 20 call --gate <big | { sleep 0.3 && cat; } >got
	[ "$(wc -c <got)" -eq 3000000 ]
	ended
	[ "$output" = 'swallowed 3000000' ]
	leader flood 300000 swallow
	printf x | timer limit 20 call --gate | wc -c >got
	[ "$(cat got)" -eq 300000 ]
	ended
	[ "$output" = 'swallowed 1' ]
}

@test "--gate ends with the leader, though more could come in" {
	leader say 'hello 1 17'
	mkfifo in
	start bash -c 'exec 9<>in; timer limit 20 call --gate <in >got; printf "ended\n" >done'
	soon test -s done
	[ "$(cat got)" = 'hello 1 17' ]
}

@test "--gate ends when nobody reads any more" {
	leader say 'hello 1 17' hang
	mkfifo in
	start bash -c 'exec 9<>in; timer limit 20 call --gate <in | head -n 1; printf "ended\n" >done'
	soon test -s done
}

@test "--gate leaves what it inherited as it is" {
	[ -r /proc/self/fdinfo/1 ] || skip 'no /proc'
	leader say 'hello 1 17' flood 100000
	mkfifo pipe
	cat pipe >got &
	{
		grep flags: /proc/self/fdinfo/1 >before
		timer limit 20 call --gate </dev/null
		grep flags: /proc/self/fdinfo/1 >after
	} >pipe
	wait "$!"
	cmp before after
}

@test "--gate on a node that does not lead names the one that does" {
	run -69 call --gate
	[ "$output" = '69 not-leader -' ]
	printf 'b 3\n' >run/leader
	run -69 call --gate
	[ "$output" = '69 not-leader b' ]
	: >run/leader
	run -69 call --gate
	[ "$output" = '69 not-leader -' ]
	printf 'b' >run/leader
	run -69 call --gate
	[ "$output" = '69 not-leader b' ]
}

@test "through a gate and back" {
	peer b <<-'END'
		cd b
		printf '\nlite-raft-gate 1\n'
		exec call --gate
	END
	mkdir -p b/run
	start fake b/run/client.sock say 'hello 1 17' hear say '0 v'
	soon listening b/run/client.sock
	run -0 call get k
	[ "$output" = v ]
	printf 'c 7\n' >b/run/leader
	leads c '0 w'
	run -0 call get k
	[ "$output" = w ]
}
