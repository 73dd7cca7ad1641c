# call batch, call watch: many answers (call.bash).

load unit
load call

@test "batch: sent without waiting, answered in order, what cannot be read in its place" {
	printf 'set a 1\n\nget "a\n  \nid=3-00000000000000aa unset b\nwatch\nget a\nset a 10' >lines
	leader say 'hello 1 17' hear hear hear say 0 say 0 say '0 "1 2"'
	run -64 --separate-stderr call batch <lines
	[ "$output" = $'0\n64 "a quote that is not closed"\n0\n64 "a watch is no request of a batch"\n0 "1 2"\n64 "the last line has no newline"' ] || {
		printf '%s\n' "$output"
		false
	}
	[[ $(sed -n 1p out) =~ ^id=17-[0-9a-f]{16}\ set\ a\ 1$ ]]
	[ "$(sed -n 2p out)" = 'id=3-00000000000000aa unset b' ]
	[ "$(sed -n 3p out)" = 'get a' ]
	[ "$(wc -l <out)" -eq 3 ]
}

@test "batch: lines that are no requests, as many as may come, before and behind one" {
	leader say 'hello 1 17' hear say 0
	{
		printf 'noop\n'
		yes x | head -n 3000
	} >lines
	run -64 --separate-stderr timer limit 20 call batch <lines
	[ "$(printf '%s\n' "$output" | cut -c 1-3 | uniq -c | tr -s ' ')" = $' 1 0\n 3000 64 ' ]
	mkfifo pipe
	start sh -c 'exec call --timeout 1 batch <pipe'
	exec 7>pipe
	yes x | head -n 3000 >&7
	all() { [ "$(wc -l <out)" -eq 3000 ]; }
	soon all
	printf '%70000s\n   ' noop >&7
	exec 7>&-
	ended
	# Behind the blanks there is no verb left from what came before.
	[ "$status" -eq 69 ]
	[ "$(sed 1,3000d out)" = '69 "no leader answers"' ]
}

@test "batch: what a lost leader left unanswered is asked again, under the same ids" {
	printf 'set a 1\nget a\nset b 2\nset c 3\n' >lines
	leader say 'hello 1 17' hear hear hear hear say 0 say '0 1' -- \
		say 'hello 1 900' hear hear say 1 say 'hello 1 901' say 0
	run -1 --separate-stderr call batch <lines
	[ "$output" = $'0\n0 1\n1\n0' ]
	[ "$(wc -l <out)" -eq 6 ]
	[ "$(sed -n 3,4p out)" = "$(sed -n 5,6p out)" ]
	[ "$(ids out | wc -l)" -eq 3 ]
}

@test "batch: a leader that steps down is asked no more, what it left unknown is asked again" {
	printf 'set a 1\nset b 2\n' >lines
	leader say 'hello 1 17' hear hear say '75 "the leader has stepped down"' say '69 not-leader -' -- \
		say 'hello 1 18' hear hear say 0 say 0
	run -0 --separate-stderr call batch <lines
	[ "$output" = $'0\n0' ]
	[ "$(sed -n 1,2p out)" = "$(sed -n 3,4p out)" ]
}

@test "batch: leaders that step down one behind the other are asked as long as there is time" {
	printf 'set a 1\nset b 2\n' >lines
	leader say 'hello 1 17' hear hear say '75 "the leader has stepped down"' say '75 x' -- \
		say 'hello 1 18' hear hear say '75 x' say '69 not-leader -' -- \
		say 'hello 1 18' hear hear say '75 x' say '75 x' -- \
		say 'hello 1 19' hear hear say 0 say 0
	run -0 --separate-stderr call batch <lines
	[ "$output" = $'0\n0' ]
	[ "$(ids out | wc -l)" -eq 2 ]
}

@test "batch: what a leader that steps down has not carried out is not in doubt" {
	printf 'set a 1\nset b 2\nset c 3\n' >lines
	scene=(say 'hello 1 17' hear hear hear say '75 x' say '69 not-leader -' raw '69 not-' hang)
	input=lines tries='2 8'
	told 75 $'75 "no leader answers"\n69 "no leader answers"\n75 "no leader answers"\n*' batch
}

@test "batch: a new id begins at the newest index that has come" {
	mkfifo lines
	leader say 'hello 1 17' hear raw $'0\nhello 1 900\n' hear say 0
	sh -c 'exec call batch <lines' >answers 3>&- 4>&- &
	exec 7>lines
	printf 'noop\n' >&7
	soon test -s answers
	printf 'noop\n' >&7
	exec 7>&-
	wait "$!"
	[ "$(sed 's/-.*//' out)" = $'id=17\nid=900' ]
}

@test "batch: without a leader each line is told, and the end is said" {
	printf 'set a 1\nget a\nx\n' >lines
	run -69 --separate-stderr call --timeout 1 batch <lines
	[ "$output" = $'69 "no leader answers"\n69 "no leader answers"\n64 "no such verb (see --help)"' ]
	[[ $stderr == 'lite-raft-client: cannot batch: no leader answers: '* ]]
	leader say 'hello 1 17' hear hear hang ...
	input=lines
	told 75 $'75 "no leader answers"\n69 "no leader answers"\n64 "no such verb (see --help)"\n*' batch
}

@test "batch: a line that is too long is answered in its place" {
	leader say 'hello 1 17' hear hear say 0 say 1
	{
		printf 'noop\nset k '
		head -c 10000000 /dev/zero | tr '\0' x
		printf '\nget a\n'
		head -c 10000000 /dev/zero | tr '\0' x
	} >lines
	run -64 --separate-stderr timer limit 60 call batch <lines
	[ "$output" = $'0\n64 "a line is over 9 MiB"\n1\n64 "a line is over 9 MiB"' ]
	[ "$(sed 1d out)" = 'get a' ]
}

@test "what is wrong with the list of nodes is no answer to what was sent" {
	printf -- '-x\n' >conf/cluster_nodes
	leader say 'hello 1 17' hear
	run -75 --separate-stderr call --timeout 5 set k v
	[ "${stderr#*look with get): }" = 'a knows no other node: conf/cluster_nodes: no name of a node: -x' ]
	ended
	leader say 'hello 1 17' hear hear
	printf 'set a 1\nget a\n' >lines
	run -75 --separate-stderr call --timeout 5 batch <lines
	[ "$output" = $'75 "no leader answers"\n69 "no leader answers"' ]
	ended
	run -78 --separate-stderr call --timeout 5 batch <lines
	[ "$output" = $'78 "the batch ends here"\n78 "the batch ends here"' ]
	[ "$stderr" = 'lite-raft-client: cannot batch: conf/cluster_nodes: no name of a node: -x' ]
}

@test "a signal ends who prints where nobody reads" {
	mkfifo pipe
	printf 'get k
set a 1
' >lines
	exec 7<>pipe
	start fake run/client.sock say 'hello 1 17' hear say '0 18' raw 'change 18 set k ' flood 200000 say '' hang
	soon listening run/client.sock
	sh -c 'exec call watch >pipe' 3>&- 4>&- &
	pid=$!
	started="$started $pid"
	read -r -n 1 _ <&7
	kill -TERM "$pid"
	ended
	[ "$status" -eq 0 ]
	rm run/client.sock
	exec 7>&-
	exec 7<>pipe
	start fake run/client.sock say 'hello 1 17' hear hear raw '0 ' flood 200000 say '' hang
	soon listening run/client.sock
	sh -c 'exec call batch <lines >pipe 2>err' 3>&- 4>&- &
	pid=$!
	started="$started $pid"
	read -r -n 1 _ <&7
	kill -INT "$pid" 2>/dev/null
	kill -TERM "$pid"
	ended
	[ "$status" -eq 75 ]
	[[ $(cat err) = 'lite-raft-client: cannot batch: interrupted; no leader answers: '* ]]
	rm run/client.sock
	exec 7>&-
	exec 7<>pipe
	start fake run/client.sock say 'hello 1 17' hear raw '0 ' flood 200000 say '' hang
	soon listening run/client.sock
	sh -c 'exec call get k >pipe 2>err' 3>&- 4>&- &
	pid=$!
	started="$started $pid"
	read -r -n 1 _ <&7
	kill -TERM "$pid"
	ended
	[ "$status" -eq 69 ]
	[ "$(cat err)" = 'lite-raft-client: cannot get k: interrupted; not all of the answer was printed' ]
}

@test "batch: lines that come late are answered at once; an end of input ends it" {
	leader say 'hello 1 17' hear say '0 one' hear say '0 two' hang
	mkfifo lines
	call batch <lines >answers 3>&- 4>&- &
	exec 7>lines
	printf 'get a\n' >&7
	answered() { [ "$(wc -l <answers)" -eq "$1" ]; }
	soon answered 1
	printf 'get a\n' >&7
	soon answered 2
	exec 7>&-
	wait "$!"
	[ "$(cat answers)" = $'0 one\n0 two' ]
}

@test "watch: what is told is printed; the next leader goes on behind it" {
	leader say 'hello 1 17' hear say '0 18' say 'change 18 set k "a b"' say 'hello 1 20' \
		say 'change 20 unset "k\n"' say '69 not-leader -' -- \
		say 'hello 1 30' hear say '0 21' say 'change 29 set k c' say '1 "too far behind"'
	run -1 --separate-stderr call watch k
	[ "$output" = $'18 set k "a b"\n20 unset "k\\n"\n29 set k c' ]
	[ "$stderr" = 'lite-raft-client: cannot watch k: too far behind' ]
	[ "$(cat out)" = $'watch k\nwatch k 21' ]
}

@test "watch: the next leader goes on where nothing more was to be told" {
	leader say 'hello 1 17' hear say '0 18' say 'at 40' say 'at 39' say 'change 41 set k v' say 'at 300000' -- \
		say 'hello 1 300009' hear say '0 300000' say 'at' say 'at 300009' -- \
		say 'hello 1 300010' say 'at 5' -- say 'hello 1 300010' hear say '0 300000' say '1 enough'
	run -1 --separate-stderr call watch k
	[ "$output" = '41 set k v' ]
	[ "$(cat out)" = $'watch k\nwatch k 300000\nwatch k 300000' ]
}

@test "watch: waits for a leader while no node runs, once there was one" {
	leader say 'hello 1 17' hear say '0 18' say 'change 18 set k v'
	printf 'a\n' >conf/cluster_nodes
	call --timeout 60 watch k >told 3>&- 4>&- &
	pid=$!
	started="$started $pid"
	soon grep -qx '18 set k v' told
	rm -f run/client.sock
	fake run/client.sock say 'hello 1 18' hear say '0 19' say '1 enough' >heard 3>&- 4>&- &
	started="$started $!"
	ended
	[ "$status" -eq 1 ]
	[ "$(cat heard)" = 'watch k 19' ]
}

@test "watch --json, --from" {
	leader say 'hello 1 17' hear say '0 5' say 'change 7 set k "\"\x80"' say 'change 8 unset k' say '64 no'
	run -64 --separate-stderr call --json --from 5 watch
	[ "$output" = $'{"index":7,"verb":"set","key":"k","value":"\\"\\udc80"}\n{"index":8,"verb":"unset","key":"k"}' ]
	[ "$(cat out)" = 'watch "" 5' ]
}

@test "watch: nonsense is not printed, a silent leader is left" {
	scene=(say 'hello 1 17' hear say 'change 18 set k v' -- say 'hello 1 17' hear say '0 18' say 'change 18 drop k' -- \
		say 'hello 1 17' hear say '0 18' say 'change 18 set k' -- say 'hello 1 17' hear hang ...)
	for tries in 2 8; do # as often as there is time for
		told 69 'lite-raft-client: cannot watch: no leader answers: *' watch
		[ "${#lines[@]}" -eq 1 ]
		[ "$(wc -l <out)" -lt 4 ] || break
	done
	[ "$(sed -n 1,2p out)" = $'watch ""\nwatch ""' ]
	[ "$(sed -n 3,4p out)" = $'watch "" 18\nwatch "" 18' ]
}
