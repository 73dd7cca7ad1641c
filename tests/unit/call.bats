# call: one request, to leaders that are not what they should be (call.bash).

load unit
load call

@test "a write on the leader's own node" {
	leader say 'hello 1 17' hear say 0
	run -0 call set 'a key' ''
	[ "$output" = '' ]
	ended
	[[ $output =~ ^'id=17-'[0-9a-f]{16}' set "a key" ""'$ ]]
	[ ! -s asked ]
}

@test "two requests have different ids, a read has none" {
	leader say 'hello 1 17' hear say 0 ...
	call noop
	call noop
	call list
	[ "$(ids out | wc -l)" -eq 2 ]
	[ "$(tail -n 1 out)" = list ]
}

@test "all forms of all verbs go through as they are" {
	leader say 'hello 1 0' hear say 0 ...
	call set -- -
	call unset --json
	call if k = v set '*'
	call if k absent unset
	call -- noop
	call list -x
	call --timeout 3 list ''
	[ "$(sed 's/^id=[^ ]* //' out)" = 'set -- ""
unset --json
if k = v set "*"
if k absent unset
noop
list -x
list ""' ]
} </dev/null

@test "get prints the value and one newline, --raw the bytes alone" {
	leader say 'hello 1 17' hear say '0 "two\nlines\x00\xff*$(id)"' ...
	call get k >got
	printf 'two\nlines\000\377*$(id)\n' | cmp - got
	call --raw get k >got
	printf 'two\nlines\000\377*$(id)' | cmp - got
	call --json get "k\"\\"$'\001' >got
	[ "$(cat got)" = '{"key":"k\"\\\u0001","value":"two\u000alines\u0000\udcff*$(id)"}' ]
}

@test "JSON has characters as they are, and bytes that are none marked" {
	leader say 'hello 1 17' hear say '0 "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \xc3 \xc0\xaf \xed\xa0\x80 \xf4\x90\x80\x80 \xe2\x82 \x7f"'
	run -0 call --json get k
	[ "$output" = '{"key":"k","value":"ä € 😀 \udcc3 \udcc0\udcaf \udced\udca0\udc80 \udcf4\udc90\udc80\udc80 \udce2\udc82 \u007f"}' ]
}

@test "what is not there is a no, without a word" {
	leader say 'hello 1 17' hear say 1 ...
	run -1 call get k
	[ "$output" = '' ]
	run -1 call --json get k
	[ "$output" = '' ]
	run -1 call if k = v set w
	[ "$output" = '' ]
}

@test "list prints one key a line, as it would be typed in a batch" {
	leader say 'hello 1 17' hear say '0 a "b c" "\n" --d' -- \
		say 'hello 1 17' hear say 0 -- \
		say 'hello 1 17' hear say '0 a "b c" "\n"' -- \
		say 'hello 1 17' hear say 0
	run -0 call list
	[ "$output" = $'a\n"b c"\n"\\n"\n--d' ]
	run -0 call list x
	[ "$output" = '' ]
	run -0 call --json list
	[ "$output" = '{"keys":["a","b c","\u000a"]}' ]
	run -0 call --json list
	[ "$output" = '{"keys":[]}' ]
}

@test "a long list arrives whole" {
	seq -f ' key%017.0f' 0 199999 | tr -d '\n' >keys
	peer b <<-'END'
		printf '\nlite-raft-gate 1\nhello 1 17\n'
		read -r line
		printf 0
		cat keys
		printf '\n'
	END
	call list >got
	[ "$(wc -l <got)" -eq 200000 ]
	[ "$(tail -n 1 got)" = key00000000000199999 ]
}

status_line='0 "leader=a term=3 cluster=00000000000000ff election_timeout=0.4" "name=a id=0000000000000001 role=leader term=3 last=120 commit=119 match=120 lag=0 heard=0.000" "name=123 id=0000000000000002 role=down term=3 last=7 commit=7 match=7 lag=113 heard=-"'

@test "status is a table" {
	leader say 'hello 1 17' hear say "$status_line" ...
	run -0 call status
	[ "$output" = 'NODE  ROLE    TERM  LAST  COMMIT  MATCH  LAG  HEARD  ID
a     leader     3   120     119    120    0  0.000  0000000000000001
123   down       3     7       7      7  113      -  0000000000000002' ]
}

@test "status --json has leader, term and nodes; the option stands on either side" {
	leader say 'hello 1 17' hear say "$status_line" ...
	run -0 call status --json
	[ "$output" = '{"leader":"a","term":3,"cluster":"00000000000000ff","election_timeout":0.4,"nodes":[{"name":"a","role":"leader","term":3,"last":120,"commit":119,"match":120,"lag":0,"heard":0.000,"id":"0000000000000001","note":null},{"name":"123","role":"down","term":3,"last":7,"commit":7,"match":7,"lag":113,"heard":null,"id":"0000000000000002","note":null}]}' ]
	first=$output
	run -0 call --timeout 5 --json status
	[ "$output" = "$first" ]
	run -0 call status --timeout 5 --json
	[ "$output" = "$first" ]
}

@test "an older leader does not tell its election_timeout: null" {
	leader say 'hello 1 17' hear say '0 "leader=a term=3 cluster=00ff" "name=a role=leader"' ...
	run -0 call status --json
	[[ $output == '{"leader":"a","term":3,"cluster":"00ff","election_timeout":null,"nodes":['* ]]
}

@test "a node that is in trouble says so in status" {
	leader say 'hello 1 17' hear say '0 "leader=a term=3 cluster=-" "name=a role=leader note=damaged" "name=b role=down"'
	run -0 call status
	[ "${lines[0]}" = 'NODE  ROLE    TERM  LAST  COMMIT  MATCH  LAG  HEARD  ID  NOTE' ]
	[ "${lines[1]}" = 'a     leader     -     -       -      -    -      -  -   damaged' ]
	[ "${lines[2]}" = 'b     down       -     -       -      -    -      -  -   -' ]
}

@test "the hint in run/leader is asked first, then whoever is named" {
	printf 'c 3\n' >run/leader
	follows c b
	leads b 0
	run -0 call set k v
	[ "$(cat asked)" = $'c admin\nb admin' ]
	[[ $(cat heard) =~ ^'id=17-'[0-9a-f]{16}' set k v'$ ]]
}

@test "a hint may name a node that is in no list" {
	follows b new.example
	leads new.example '0 v'
	run -0 call get k
	[ "$output" = v ]
	[ "$(cat asked)" = $'b admin\nnew.example admin' ]
}

@test "a hint that is no name is nobody" {
	local name
	for name in - -oProxyCommand=x '"b c"' '""' '../x' 'b c'; do
		printf '%s 3\n' "${name//\"/}" >run/leader
		: >asked
		follows b "$name"
		leads c 0
		run -0 call noop
		[ "$(cat asked)" = $'b admin\nc admin' ]
	done
}

@test "members that conf does not name are asked, too" {
	printf 'lite-raft-members 1 1 75 0 0\nmember a 0\nmember d 1\nmember b 2\n' >state/members
	leads d '0 v'
	run -0 call get k
	[ "$output" = v ]
	[ "$(cat asked)" = 'd admin' ]
	# Nor is a slip in conf an obstacle.
	printf 'a b;c\n' >conf/cluster_nodes
	run -0 call get k
	rm conf/cluster_nodes
	run -0 call get k
}

@test "nodes that name each other are not asked for ever" {
	follows b c
	follows c b
	tries='1 5'
	told 69 'lite-raft-client: cannot get k: no leader answers: a does not run (./lite-raft start), b follows c, c follows b' get k
	[ "$(wc -l <asked)" -lt 40 ]
}

@test "F56: what a login shell prints before the greeting is skipped" {
	peer b <<-'END'
		printf 'Welcome to b\n69 not-leader x\n0 nonsense\nhello 1 3\nlite-raft-gate 12\n\001\377'
		printf '\nlite-raft-gate 1\nhello 1 17\n'
		read -r line
		printf '%s\n' "$line" >>heard
		printf '0 v\n'
	END
	run -0 call get k
	[ "$output" = v ]
	[ "$(cat heard)" = 'get k' ]
}

@test "a node that never greets is left: silent, or talking without end" {
	peer b <<-'END'
		exec yes 'I am not your leader'
	END
	leads c 0
	took_less 5 run -0 call noop
	[ "$(cat asked)" = $'b admin\nc admin' ]
	peer b <<-'END'
		printf 'Password: '
		exec sleep 100
	END
	tries='3 12'
	told 0 '' noop
}

@test "F37: an answer that is lost: the same id again, and the first outcome" {
	leader say 'hello 1 17' hear -- say 'hello 1 18' hear say 1
	run -1 call if k absent set v
	[ "$output" = '' ]
	ended
	[ "$(wc -l <out)" -eq 2 ]
	[ "$(ids out | wc -l)" -eq 1 ]
	[[ $(ids out) = 17-* ]]
}

@test "F37: an answer that is lost, and another leader" {
	leader say 'hello 1 17' hear
	peer b <<-'END'
		printf '\nlite-raft-gate 1\nhello 1 9\n'
		read -r line
		printf '%s\n' "$line" >>heard
		printf '0\n'
	END
	run -0 call set k v
	ended
	cmp out heard
}

@test "a line that is cut off is no answer" {
	leader say 'hello 1 17' hear raw '0' -- say 'hello 1 17' hear say '1'
	run -1 call if k = v unset
	ended
	[ "$(ids out | wc -l)" -eq 1 ]
}

@test "sent, and no answer from anybody: unknown" {
	scene=(say 'hello 1 17' hear)
	follows b c
	follows c -
	tries='1 5'
	told 75 'lite-raft-client: cannot set k: outcome unknown, it may have been carried out or not (look with get): a does not run (./lite-raft start), b follows c, c knows no leader' set k v
}

@test "a read that is never answered has changed nothing" {
	leader say 'hello 1 17' hear ...
	told 69 'lite-raft-client: cannot get k: no leader answers: a broke off, b cannot be reached (try: ssh b true), *' get k
}

@test "F40: a leader that hangs before it says hello: nothing was sent" {
	leader hang ...
	told 69 '*a does not answer*' set k v
	[ ! -s out ]
}

@test "F36: a leader that hangs with the request: unknown, or done by another" {
	leader say 'hello 1 17' hear hang ...
	told 75 '*outcome unknown*a does not answer*' set k v
	leads c 0
	tries='3 12'
	told 0 '' set k v
	[ "$(cat heard)" = "$(tail -n 1 out)" ]
}

@test "a hanging ssh leaves time for the others, and is ended" {
	printf 'b 3\n' >run/leader
	peer b <<-'END'
		printf '%s\n' "$$" >hangs
		exec sleep 100
	END
	leads c 0
	tries='6 24'
	told 0 '' set k v
	[ "$(cat asked)" = $'b admin\nc admin' ]
	gone "$(cat hangs)"
}

@test "F36: who hangs is left as soon as the follower here sees another leader" {
	start hold state/running sleep 100
	soon held
	printf 'b 3\n' >run/leader
	peer b <<-'END'
		printf '\nlite-raft-gate 1\nhello 1 17\n'
		read -r line
		printf '%s\n' "$line" >sent
		printf 'c 4\n' >run/leader
		exec sleep 100
	END
	leads c 0
	took_less 8 run -0 call --timeout 30 set k v
	cmp sent heard

	# The same leader in a newer term is no other.
	peer b <<-'END'
		printf 'b 5\n' >run/leader
		sleep 0.5
		printf '\nlite-raft-gate 1\nhello 1 17\n'
		read -r line
		printf '0\n'
	END
	printf 'b 3\n' >run/leader
	: >asked
	run -0 call set k v
	[ "$(cat asked)" = 'b admin' ]
}

@test "what was slow is asked again over a connection of its own, for a shorter time" {
	peer b <<-'END'
		exec sleep 100
	END
	took_less 9 run -69 call --timeout 6 get k
	grep -qx -e '-o b admin' asked
	[[ $output = *'b does not answer'* ]]
}

@test "a leader that talks nonsense before it was asked: nothing was sent" {
	local line
	for line in 'hello' 'hello 1' 'hello 1 x' 'hello 1 -1' 'hello 2 17' 0 1 '75 x' '"' \
		'what?' '' 'HTTP/1.1 400 Bad Request'; do
		leader say "$line" hang ...
		told 69 '*a @(talks nonsense|speaks another version)*' set k v
		[ ! -s out ]
		kill "$pid"
		wait "$pid" || :
	done
}

@test "a leader that talks nonsense for an answer: unknown" {
	local line
	for line in x '' '"' '0 "' 2 126 255 256 -1 0x0 ok; do
		leader say 'hello 1 17' hear say "$line" ...
		told 75 '*a @(talks nonsense|speaks another version)*' set k v
		kill "$pid"
		wait "$pid" || :
	done
	leader say 'hello 1 17' hear say 0 ...
	told 69 '*a talks nonsense*' get k
	told 69 '*a talks nonsense*' status
}

@test "an answer before the question was out is none" {
	dd if=/dev/zero of=big bs=1024 count=1024 2>/dev/null
	leader say 'hello 1 17' say 0 hang ...
	input=big
	told 69 '*a talks nonsense*' set k -
}

@test "a request that has not left whole cannot have been carried out" {
	dd if=/dev/zero of=big bs=1024 count=1024 2>/dev/null
	leader say 'hello 1 17' ...
	input=big
	told 69 '*a broke off*' set k -
}

@test "a leader that does not read is left, and says why if it can" {
	dd if=/dev/zero of=big bs=1024 count=1024 2>/dev/null
	leader say 'hello 1 17' say '64 "the line is too long"' hang
	run -64 call --timeout 30 set k - <big
	[ "$output" = 'lite-raft-client: cannot set k: the line is too long' ]
}

@test "75 for an answer: again with the same id until the time is up" {
	leader say 'hello 1 17' hear say '75 "the leader has gone"' -- say 'hello 1 18' hear say 0
	run -0 call set k v
	ended
	[ "$(wc -l <out)" -eq 2 ]
	[ "$(ids out | wc -l)" -eq 1 ]
	scene=(say 'hello 1 17' hear say '75 "the leader has gone"' ...)
	for tries in '3 12' 12; do # as often as there is time for
		told 75 '*outcome unknown*a says: the leader has gone*' unset k
		[ "$(ids out | wc -l)" -eq 1 ]
		[ "$(wc -l <out)" -lt 3 ] || break
	done
	[ "$(wc -l <out)" -ge 3 ]
	run -69 call --timeout 0.3 list
}

@test "69 for an answer: not carried out, asked again" {
	leader say 'hello 1 17' hear say '69 not-leader -' -- say 'hello 1 17' hear say '69 "no quorum"' -- \
		say 'hello 1 18' hear say 0
	run -0 call noop
	leader say 'hello 1 17' hear say '69 "no quorum"' ...
	told 69 '*a says: no quorum*' set k v
}

@test "64 and 74 are the leader's last word" {
	leader say 'hello 1 17' hear say '64 "no such verb"' -- say 'hello 1 17' hear say '74 the disk "is full\n"'
	run -64 call set k v
	[ "$output" = 'lite-raft-client: cannot set k: no such verb' ]
	run -74 call set k v
	[ "$output" = 'lite-raft-client: cannot set k: the disk is full?' ]
}

@test "74 after an answer that was lost is still unknown" {
	leader say 'hello 1 17' hear -- say 'hello 1 17' hear say '74 "the disk is full"' ...
	run -75 call set k v
	[ "$output" = 'lite-raft-client: cannot set k: the disk is full' ]
	leader say 'hello 1 17' hear -- say 'hello 1 17' hear say '74 "the disk is full"' ...
	run -74 call get k
}

@test "how an ssh ended says what is wrong" {
	peer b <<<'exit 69'
	peer c <<<'exit 77'
	told 69 '*, b does not run, c refuses this host' get k
	peer b <<<'exit 127'
	peer c <<<'exit 78'
	told 69 '*, b has no lite-raft in that directory, c had no first boot' get k
	rm libexec/link/peer
	told 69 '*, b cannot be asked: libexec/link/peer: No such file or directory, *' get k
}

@test "when no node runs there is nothing to wait for" {
	printf 'a\n' >conf/cluster_nodes
	took_less 8 run -69 call get k
	[ "$output" = 'lite-raft-client: cannot get k: no leader answers: a does not run (./lite-raft start)' ]
	printf 'a b' >conf/cluster_nodes
	peer b <<<'exit 69'
	took_less 8 run -69 call get k
}

@test "a node that runs and does not lead yet is waited for" {
	printf 'a\n' >conf/cluster_nodes
	start hold state/running sleep 100
	soon held
	(sleep 0.5 && exec fake run/client.sock say 'hello 1 17' hear say '0 v') >/dev/null 3>&- 4>&- &
	run -0 call get k
	[ "$output" = v ]
	told 69 '*: a does not lead' get k
}

held() {
	hold --who state/running
}

@test "F59: conf/cluster_nodes missing, empty, with what is no name; nothing started" {
	rm conf/cluster_nodes
	run -78 call get k
	[ "$output" = 'lite-raft-client: cannot get k: cannot read conf/cluster_nodes: No such file or directory' ]
	printf 'b x;y\n' >conf/cluster_nodes
	run -78 call get k
	[ "$output" = 'lite-raft-client: cannot get k: conf/cluster_nodes: no name of a node: x;y' ]
	rm state/node
	printf '# none\n' >conf/cluster_nodes
	run -78 call get k
	[ "$output" = 'lite-raft-client: cannot get k: conf/cluster_nodes names no node' ]
	rmdir run
	run -69 call get k
	[ "$output" = 'lite-raft-client: cannot get k: this node was never started (./lite-raft first-boot)' ]
}

@test "another user is told so" {
	[ "$(id -u)" -eq 0 ] && setpriv --reuid 65534 --clear-groups true 2>/dev/null || skip 'nobody else to be'
	cp "$ROOT/libexec/link/call" libexec/link
	chmod 755 . libexec libexec/link
	chmod 700 state run
	run -78 setpriv --reuid 65534 --clear-groups libexec/link/call get k
	[ "$output" = "lite-raft-client: cannot get k: cannot read run/: Permission denied; ask as the node's own user" ]
}

@test "a value from stdin: any bytes, up to 1 MiB" {
	head -c 1048576 /dev/urandom >big
	leader say 'hello 1 17' hear say 0 ...
	call set k - <big
	call --timeout 5 if k exists set - </dev/null
	printf - | call set k -
	[ "$(sed -n '2p' out | cut -d' ' -f 2-)" = 'if k exists set ""' ]
	[ "$(sed -n '3p' out | cut -d' ' -f 2-)" = 'set k -' ]
	kill "$pid"

	# Back through a reader of such lines.
	value=$(sed -n 1p out | cut -d' ' -f 4-)
	printf '%s' "$value" >value
	peer b <<-'END'
		printf '\nlite-raft-gate 1\nhello 1 17\n'
		read -r line
		printf '0 '
		cat value
		printf '\n'
	END
	call --raw get k >got
	cmp big got
}

@test "a value over 1 MiB is refused before anything is sent" {
	head -c 1048577 /dev/zero >big
	leader say 'hello 1 17' hear say 0
	run -64 call set k - <big
	[ "$output" = 'lite-raft-client: cannot set k: value over 1 MiB' ]
	run -64 call if k = x set - </dev/zero
	[ "$output" = 'lite-raft-client: cannot if k: value over 1 MiB' ]
	run -74 bash -c 'exec call set k - <&-'
	[[ $output = 'lite-raft-client: cannot set k: cannot read standard input: '* ]]
	[ ! -s out ]
}

# refused WORDS... with the reason on stdin.
refused() {
	run -64 --separate-stderr call "$@"
	[ "$output" = '' ]
	[ "$stderr" = "lite-raft-client: cannot $(cat)" ]
}

@test "usage errors are one line, and change nothing" {
	local key
	key=$(printf '%01024d' 1)
	leader say 'hello 1 17' hear say 0
	refused <<<'begin: no verb (see --help)'
	refused -- <<<'begin: no verb (see --help)'
	refused frob x <<<'frob x: no such verb (see --help)'
	refused - <<<'-: no such verb (see --help)'
	refused '' <<<'"": no such verb (see --help)'
	refused --frob get k <<<'use --frob: no such option (--timeout SECONDS, --from INDEX, --json, --raw, --local, --help)'
	refused --timeout <<<'use --timeout: it takes a number of seconds: more than 0, at most 1,000,000'
	refused --timeout 0 get k <<<'use --timeout: it takes a number of seconds: more than 0, at most 1,000,000'
	refused --timeout -1 get k <<<'use --timeout: it takes a number of seconds: more than 0, at most 1,000,000'
	refused --timeout x get k <<<'use --timeout: it takes a number of seconds: more than 0, at most 1,000,000'
	refused --timeout 1000000.1 get k <<<'use --timeout: it takes a number of seconds: more than 0, at most 1,000,000'
	refused --timeout 31536000 get k <<<'use --timeout: it takes a number of seconds: more than 0, at most 1,000,000'
	refused --raw list <<<'use --raw: it goes with get'
	refused --json set k v <<<'use --json: it goes with get, list, status and watch'
	refused --json --raw get k <<<'use --raw: it does not go with --json'
	refused status --frob <<<'use --frob: no such option (--timeout SECONDS, --from INDEX, --json, --raw, --local, --help)'
	refused get <<<'get: usage: get KEY'
	refused get '' <<<'get "": empty key'
	refused get a b <<<'get a: usage: get KEY'
	refused get k --json <<<'get k: usage: get KEY'
	refused get --json k <<<'get --json: usage: get KEY'
	refused set k <<<'set k: usage: set KEY VALUE'
	refused set $'a\nb\033' v w <<<'set "a\nb\x1b": usage: set KEY VALUE'
	refused get "${key}1" <<<"get ${key:0:64}...: key over 1024 bytes"
	refused if k '~' v set n <<<'if k: no such operator (= != -eq -ne -lt -le -gt -ge absent exists)'
	refused if k -lt x set n <<<'if k: the operand of -eq -ne -lt -le -gt -ge must be a 64-bit integer'
	refused list a b <<<'list a: usage: list [PREFIX]'
	refused --json batch <<<'use --json: it goes with get, list, status and watch'
	refused --timeout 3 --local get k <<<'use --local: it stands before all others: --local [--raw] get KEY'
	refused --from 7 batch <<<'use --from: it goes with watch'
	refused --from 0 watch <<<'use --from: it takes the index of an entry, 1 or more'
	refused --from <<<'use --from: it takes the index of an entry, 1 or more'
	refused watch k 7 <<<'watch k: usage: [--from INDEX] watch [PREFIX]'
	refused batch x <<<'batch x: usage: batch'
	refused status x <<<'status: this verb takes no argument'
	[ ! -s out ]
	run -0 call set "$key" v
}

@test "--help" {
	run -0 --separate-stderr call --help
	[[ $output = 'usage: lite-raft-client '* ]]
	[ "$stderr" = '' ]
	run -0 call status --help
}

@test "stdout that takes nothing is an error" {
	[ -c /dev/full ] || skip 'no /dev/full'
	leader say 'hello 1 17' hear say '0 v' ...
	run -74 --separate-stderr bash -c 'exec call get k >/dev/full'
	[ "$stderr" = 'lite-raft-client: cannot get k: cannot write standard output: No space left on device' ]
	run -74 --separate-stderr bash -c 'exec call get k >&-'
	# Nothing else is taken for it.
	kill "$pid"
	rm -f run/client.sock
	leads b '0 v'
	for closed in '<&- >&-' '<&- >&- 2>&-'; do
		run -74 timer limit 20 sh -c "exec call get k $closed"
	done
}

@test "a watch whose reader has gone, or that has no stdout, does not wait for a change" {
	leader say 'hello 1 17' hear say '0 18' hang ...
	run -74 --separate-stderr timer limit 20 bash -c 'set -o pipefail; call watch | :'
	[ "$stderr" = 'lite-raft-client: cannot watch: cannot write standard output: Broken pipe' ]
	run -74 --separate-stderr timer limit 20 sh -c 'exec call watch >&-'
	[ "$stderr" = 'lite-raft-client: cannot watch: cannot write standard output: Bad file descriptor' ]
}

@test "a signal ends it, and its ssh: unknown if it had been sent" {
	peer b <<-'END'
		printf '%s\n' "$$" >hangs
		printf '\nlite-raft-gate 1\nhello 1 17\n'
		read -r line
		printf '%s\n' "$line" >>heard
		exec sleep 100
	END
	start call set k v
	soon test -s heard
	kill -TERM "$pid"
	ended
	[ "$status" -eq 75 ]
	[[ $(cat err) = 'lite-raft-client: cannot set k: interrupted; outcome unknown'* ]]
	gone "$(cat hangs)"
	start call get k
	soon grep -qx 'get k' heard
	kill -INT "$pid"
	kill -TERM "$pid"
	ended
	[ "$status" -eq 69 ]
	[[ $(cat err) = 'lite-raft-client: cannot get k: interrupted; no leader'* ]]
}

@test "lite-raft-client works from anywhere, and says so where nothing is built" {
	leader say 'hello 1 17' hear say '0 v' ...
	mkdir bin
	cp "$ROOT/lite-raft-client" .
	cp "$ROOT/bin/lite-raft-client" bin
	run -78 ./lite-raft-client get k
	[ "$output" = 'lite-raft-client: cannot begin: it is not built yet; use: ./lite-raft first-boot' ]
	cp "$ROOT/libexec/link/call" libexec/link
	run -0 ./lite-raft-client get k
	[ "$output" = v ]
	here=$PWD
	cd /
	CDPATH=/tmp run -0 "$here/lite-raft-client" get k
	[ "$output" = v ]
	cd "$here/conf"
	CDPATH=$here run -0 sh ../lite-raft-client get '*'
	cd "$here"
	CDPATH=$here/run run -0 sh lite-raft-client get '*'
	[ "$(tail -n 1 out)" = 'get "*"' ]
}
