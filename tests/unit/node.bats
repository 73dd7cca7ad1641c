# node: who this node is, forming, verifying; and lead, which must not begin twice.

load member
load peers

# forms A NAME...: sets $status, $output, $stderr.
forms() {
	local dir=$1
	shift
	run --separate-stderr in_dir "$dir" node form "$@"
	printf '%s: %s %s %s\n' "$dir" "$status" "$output" "$stderr"
}

# unformed A: nothing has come of it.
unformed() {
	[ "$(in_dir "$1" node show formed)" = no ]
	[ -z "$(ls "$1/state/log")" ]
}

@test "init: state/ with a random id, for its owner alone; once" {
	run -78 node verify
	[ "${#lines[@]}" -eq 1 ]
	run -78 node show
	run -0 node init a
	[ "$(node show | tr '\n' ' ')" = "name a id $(shows id) cluster - formed no joiner no removed no votes no stands no term 0 voted_for - last_index 0 last_term 0 commit_index 0 members 0 damaged no " ]
	[[ $(shows id) =~ ^[0-9a-f]{16}$ ]]
	[ -z "$(find state ! -type d -perm /077 -print -o -type d -perm /077 -print)" ]
	node verify
	node verify
	keep first
	run -78 node init a
	[ "${#lines[@]}" -eq 1 ]
	same first
	rm -r state
	node init a
	[ "$(shows id)" != "$(cut -d ' ' -f 4 first/node)" ]
	for name in '' -a 'a b' $'a\n' a/b ../a "$(printf 'a%.0s' {1..81})"; do
		rm -rf state
		run -78 node init "$name"
		[ ! -e state ]
	done
	node init "$(printf 'a%.0s' {1..80})"
	node verify
}

@test "a message never goes where a file of state/ has a descriptor that was closed" {
	local closed
	node init a
	keep first
	for closed in '<&-' '>&-' '2>&-' '<&- >&-' '<&- 2>&-' '>&- 2>&-' '<&- >&- 2>&-'; do
		for verb in 'show nothing' 'show' 'hello' 'form ../b'; do
			sh -c "\"\$@\" $closed" sh node $verb 3>&- 4>&- || :
			printf '%s %s\n' "$verb" "$closed"
			same first
		done
	done
}

@test "F67 killed at each system call of init: again, or done" {
	local at
	need_strace
	trace node init a
	points
	for at in "${point[@]}"; do
		rm -rf state
		at "$at" signal=KILL node init a || :
		printf 'killed at %s\n' "$at"
		if [ -e state/node ]; then
			run -78 node init a
		else
			node init a
		fi
		node verify
		[ "$(shows name) $(shows term)" = 'a 0' ]
	done
}

@test "F67 all have answered: one cluster, the same first entry everywhere" {
	three
	asks a b c
	asks b a c
	asks c a b
	forms a a b c
	[ "$status" -eq 0 ]
	forms b c b a
	[ "$status" -eq 0 ]
	forms c b c a
	[ "$status" -eq 0 ]
	for i in a b c; do
		[ "$(in_dir $i node show formed) $(in_dir $i node show joiner) $(in_dir $i node show members)" = 'yes no 3' ]
		[ "$(in_dir $i node show term) $(in_dir $i node show last_index)" = '0 1' ]
		in_dir $i node verify
		in_dir $i node show cluster
		in_dir $i member log -v
	done | sort | uniq -c >said
	[ "$(grep -c '^ *3 ' said)" -eq 2 ]
	[ "$(wc -l <said)" -eq 2 ]
	[ "$(in_dir b node show peers | tr '\n' ' ')" = 'a c ' ]
	# Once and for all.
	cp -r a/state first
	rm a/run/hello.*
	forms a a b
	[ "$status" -eq 0 ]
	diff -r first a/state
}

@test "F67 somebody is missing, or says nothing that can be understood" {
	three
	asks a b
	forms a a b c
	[ "$status" -eq 1 ]
	[ "$output" = 'c does not answer' ]
	unformed a
	asks a c
	cp a/run/hello.c whole
	: >a/run/hello.c
	forms a a b c
	[ "$status $output" = '1 c does not answer' ]
	printf 'ssh: connect to host c port 22: Connection refused\n' >a/run/hello.c
	forms a a b c
	[ "$status $output" = '1 c does not answer' ]
	grep -v '^lite-raft-gate' whole >a/run/hello.c
	forms a a b c
	[ "$status $output" = '1 c does not answer' ]
	head -c -1 whole >a/run/hello.c
	forms a a b c
	[ "$status $output" = '1 c does not answer' ]
	cp whole a/run/hello.c
	poke a/run/hello.c $(($(wc -c <whole) - 20))
	forms a a b c
	[ "$status $output" = '1 c does not answer' ]
	rm a/run/hello.b
	forms a a b c
	[ "$status" -eq 1 ]
	[ "$output" = $'b does not answer\nc does not answer' ]
	unformed a
	asks a b c
	forms a a b c
	[ "$status" -eq 0 ]
}

@test "F59 F67 lists that differ, names that differ, a name twice" {
	three
	printf 'a b\n' >c/conf/cluster_nodes
	asks a b c
	forms a a b c
	[ "$status" -eq 78 ]
	[[ $stderr = 'node: cannot form the cluster with c: its conf/cluster_nodes lists other nodes' ]]
	unformed a
	# Order, comments and line ends are no difference.
	printf '# the nodes\r\nc b\r\n  a # last\r\n' >c/conf/cluster_nodes
	asks a c
	forms a a b c
	[ "$status" -eq 0 ]
	rm -r a/state
	in_dir a node init a
	in_dir a node greet c >greeting
	cp a/run/hello.b a/run/hello.c
	forms a a b c
	[ "$status" -eq 78 ]
	[[ $stderr = *'with c: a node of another name answers there' ]]
	asks a c
	forms a a b b c
	[ "$status" -eq 78 ]
	unformed a
	rm c/conf/cluster_nodes
	asks a c
	forms a a b c
	[ "$status" -eq 78 ]
	unformed a
}

@test "F62 F67 a copied directory: its id is known already" {
	three
	in_dir b member name b "$(in_dir a node show id)"
	asks a b c
	forms a a b c
	[ "$status" -eq 78 ]
	[[ $stderr = *"with b: it has this node's id: its state was copied" ]]
	unformed a
	# Two others with one id, of which neither is this one's.
	in_dir b member name b "$(in_dir c node show id)"
	asks a b c
	forms a a b c
	[ "$status" -eq 78 ]
	unformed a
}

@test "F67 a peer has formed: with this node, or without it" {
	three
	asks a b c
	asks b a c
	forms a a b c
	forms b a b c
	# c comes later, and hears it from those who have formed.
	asks c a b
	rm c/conf/cluster_nodes # its own list is not needed any more
	forms c a b c
	[ "$status" -eq 0 ]
	[ "$(in_dir c node show joiner) $(in_dir c node show cluster)" = "no $(in_dir a node show cluster)" ]
	[ "$(in_dir c member log -v)" = "$(in_dir a member log -v)" ]
	# Wiped, it has another id, and that is nobody yet.
	rm -r c/state
	in_dir c node init c
	asks c a b
	forms c a b c
	[ "$status" -eq 0 ]
	[ "$(in_dir c node show joiner) $(in_dir c node show members)" = 'yes 0' ]
	[ -z "$(ls c/state/log)" ]
	in_dir c node verify
	cd c
	run -1 vote ask
	node_runs
	member ballot a 5 1@0 >frame
	run -77 vote answer <frame
	[[ $output = *'no member'* ]]
	[ "$(shows term)" -eq 0 ]
	# Once it is added, what it is sent is taken.
	member append a 5 - 0 0 >frame
	run -0 append <frame
	[ "$(shows term)" -eq 5 ]
	cd ..
	# And the others do not take it for the old one.
	in_dir c member ballot c 5 1@0 to=a toid="$(in_dir a node show id)" >frame
	run -77 in_dir a vote answer <frame
	[[ $output = *'id has changed'* ]]
}

@test "F67 one peer has formed, another does not answer: that is enough" {
	three
	asks a b c
	forms a a b c
	asks c a
	forms c a b c
	[ "$status" -eq 0 ]
	[ "$(in_dir c node show cluster)" = "$(in_dir a node show cluster)" ]
}

@test "F60 two clusters whose nodes list each other" {
	three
	for i in a b; do
		printf '%s\n' "$i" >"$i/conf/cluster_nodes"
		forms $i $i
		[ "$status" -eq 0 ]
	done
	asks c a b
	forms c a b c
	[ "$status" -eq 78 ]
	[[ $stderr = *'with b: it belongs to another cluster than others here' ]]
	unformed c
	# Neither takes the other's word.
	cd a
	keep before
	member ballot b 9 9@9 from=b fromid="$(in_dir ../b node show id)" \
		cluster="$(in_dir ../b node show cluster)" >frame
	answer_frame
	[ "$status" -eq 77 ]
	same before
	cd ..
	# A peer that waits to be added itself is no help.
	rm -r b/state
	in_dir b node init b
	asks b a
	forms b a b c
	[ "$(in_dir b node show joiner)" = yes ]
	rm -f c/run/hello.*
	asks c b
	forms c b c
	[ "$status" -eq 1 ]
	[ "$output" = 'b waits to be added to a cluster itself' ]
	unformed c
}

@test "F67 killed at each system call of forming: formed, or formed the next time" {
	local at
	need_strace
	three
	asks a b c
	cp -r a fresh
	cd a
	trace node form a b c
	want=$(shows cluster)
	points
	for at in "${point[@]}"; do
		# Before a sync there is what there is before the write behind it.
		[[ $at != f*sync* ]] || continue
		rm -rf state
		cp -r ../fresh/state state
		at "$at" signal=KILL node form a b c || :
		printf 'killed at %s\n' "$at"
		node verify
		[ "$(shows formed)" = yes ] || [ "$(shows last_index)" -eq 0 ]
		node form a b c
		[ "$(shows formed) $(shows cluster) $(shows last_index) $(shows members)" = "yes $want 1 3" ]
		member log -v >log
		[ "$(wc -l <log)" -eq 1 ]
		node verify
		whole
	done
}

@test "hello: answers on a stopped node; before the first boot it says so" {
	three
	in_dir a node greet b >greeting
	run -0 --separate-stderr in_dir b node hello <greeting
	[[ $output = 'lr1 hello! - b '*' a '* ]]
	[[ $output = *$'\nnodes a b c'* ]]
	run -77 in_dir b node hello <<<'hello'
	run -77 in_dir b node hello </dev/null
	rm -r b/state
	run -78 in_dir b node hello <greeting
	[ "${#lines[@]}" -eq 1 ]
	run -78 in_dir b node greet a
	run -64 in_dir a node greet 'a b'
}

# formed: a, b and c are one cluster.
formed() {
	three
	local i
	for i in a b c; do
		asks "$i" $(printf 'a b c' | tr -d "$i")
		in_dir "$i" node form a b c
		rm "$i"/run/hello.*
	done
}

# tells A B...: node A, which starts, tells it each B, and has the answer.
tells() {
	local from=$1 to
	shift
	rm -f "$from"/run/{heard,greeted}.*
	for to; do
		in_dir "$from" node greet "$to" >greeting
		{ printf '\nlite-raft-gate 1\n' && in_dir "$to" node hello <greeting; } >"$from/run/heard.$to"
		printf '0\n' >"$from/run/greeted.$to"
	done
}

@test "F34 F62 a start is counted, and who has seen a later one says so" {
	formed
	in_dir a node boot
	tells a b
	in_dir a node heard
	[[ $(<b/state/seen.*) = 'lite-raft-seen 1 0000000000000001 '* ]]
	cp -r a/state old
	in_dir a node boot
	tells a b
	in_dir a node heard
	# Told once more, it is the same start.
	tells a b
	in_dir a node heard
	[[ $(<b/state/seen.*) = 'lite-raft-seen 1 0000000000000002 '* ]]
	# One that was down meanwhile knows nothing; the other does.
	rm -r a/state
	cp -r old a/state
	tells a c
	in_dir a node heard
	tells a b
	[[ $(<b/state/seen.*) = 'lite-raft-seen 1 0000000000000002 '* ]]
	run -78 --separate-stderr in_dir a node heard
	[ "$stderr" = "node: cannot start: this node's state is older than what b has seen of it: it was restored from a copy; mv state state.old, then on another node: ./lite-raft-client del-member a, and add-member a" ]
	# And so it stays, even if nobody answers the next time.
	run -78 --separate-stderr in_dir a node boot
	[[ ${#stderr_lines[@]} -eq 1 && $stderr = *'mv state state.old'* ]]
	[[ $(<b/state/seen.*) = 'lite-raft-seen 1 0000000000000002 '* ]]
	# Nor is it a joiner that has forgotten its votes.
	run -1 --separate-stderr in_dir a node join a "$(in_dir a node show cluster)"
	[[ $stderr = *'mv state state.old' ]]
	run -78 in_dir a node boot
}

@test "F34 a joiner again, restored from a copy: it asks those that it was told of" {
	formed
	in_dir a node boot
	in_dir a node boot
	tells a b
	id=$(in_dir a node show id)
	cluster=$(in_dir a node show cluster)
	rm -r a/state
	in_dir a node init a
	in_dir a member seal "lite-raft-node 1 a $id $cluster joiner 0" >node
	mv node a/state/node
	tells a b c
	run -78 --separate-stderr in_dir a node heard c b
	[[ $stderr = *'is older than what b has seen of it'* ]]
	# One of another cluster says nothing.
	in_dir b member seal "lite-raft-node 1 a $id 0123456789abcdef joiner 0" >node
	mv node a/state/node
	tells a b
	in_dir a node heard b
}

@test "F34 unformed again, restored from a copy: it forms no cluster under its old id" {
	three
	cp -r a/state old
	for i in a b c; do
		asks "$i" $(printf 'a b c' | tr -d "$i")
		in_dir "$i" node form a b c
		rm "$i"/run/hello.*
	done
	in_dir a node boot
	in_dir a node boot
	tells a b
	rm -r a/state
	mv old a/state
	in_dir a node boot
	asks a b c
	forms a a b c
	[ "$status" -eq 78 ]
	[[ $stderr = *'with b: it has seen a later start of this node: its state was restored from a copy; mv state state.old' ]]
	unformed a
	run -78 --separate-stderr in_dir a node boot
	[[ $stderr = *'is older than what its peers have seen of it'* ]]
}

# sooner MICROSECONDS CMD...: it takes less; a machine that is too slow is given other tries.
sooner() {
	local limit=$1 n
	shift
	for n in 1 2 3 4 5; do
		began=$(now)
		"$@"
		took=$(($(now) - began))
		[ "$took" -ge "$limit" ] || return 0
	done
	return 1
}

@test "heard: goes on without those that do not answer; nobody remembers a stranger" {
	formed
	in_dir a node boot
	# Nobody, and it is over; then nobody, and it waits for a while.
	printf '255\n' | tee a/run/greeted.b >a/run/greeted.c
	in_dir a node heard
	rm a/run/greeted.*
	began=$(now)
	in_dir a node heard
	[ $(($(now) - began)) -ge 2900000 ]
	# Behind a majority it waits for the rest, who may remember what those do not; an answer
	# cut short is none.
	tells a b
	rm a/run/greeted.b
	printf 'lr1 hello! ' >a/run/heard.c
	sooner 2500000 in_dir a node heard
	[ "$took" -ge 990000 ]
	# Nothing more comes: at once.
	printf '255\n' >a/run/greeted.c
	sooner 900000 in_dir a node heard
	mkdir -p x/conf x/run
	in_dir x node init x
	in_dir x node boot
	tells x c
	[ -z "$(ls c/state | grep seen)" ]
	run -64 in_dir a node heard -x
	# What is rotten, or of a node that does not count, says nothing.
	poke b/state/seen.* 20
	tells a b
	in_dir a node heard
}

@test "verify removes what a peer's greeting left damaged, but not while another writes it" {
	formed
	in_dir a node boot
	tells a b
	seen=$(cd b && printf '%s' state/seen.*)
	poke "b/$seen" 20
	start sh -c 'cd b && exec hold "$1" sleep 1000' sh "$seen"
	writes() { in_dir b hold --who "$seen"; }
	soon writes
	in_dir b node verify
	[ -s "b/$seen" ]
	kill "$pid"
	ended
	in_dir b node verify
	[ ! -e "b/$seen" ]
}

@test "F62 same: this very directory has answered, or a copy" {
	three
	in_dir a node nonce
	asks a a b
	in_dir a node same <a/run/hello.a
	run -1 in_dir a node same <a/run/hello.b
	[[ $output = *'answered from another directory, as b/'* ]]
	cp -r a copy
	in_dir copy node nonce
	run -1 in_dir copy node same <a/run/hello.a
	[ "${#lines[@]}" -eq 1 ]
	run -1 in_dir a node same </dev/null
	[[ $output = *'no answer came'* ]]
}

@test "usage" {
	run -0 --separate-stderr node --help
	[[ $output = usage:* && $stderr = '' ]]
	for words in '' nonesuch init 'init a b' 'boot x' 'verify x' 'show a b' note 'nonce x' greet \
		'greet a b' 'hello x' 'same x' form; do
		run -64 --separate-stderr node $words
		[ "$output" = '' ]
		[[ $stderr = usage:* ]]
	done
	node_up
	run -64 node show nonesuch
	run -64 member
}

@test "F35 removed, and added again before it has gone: a joiner, from the entry on that says so" {
	log added_again
}

@test "F45 state/node rotten: it is nobody" {
	log rotten_node
	rm -r state
	node_up
	member ballot b 5 1@0 >frame
	member append b 5 5x1 1 1 >append.frame
	poke state/node 20
	keep before
	run -74 vote answer <frame
	[ "$output" = 'vote: cannot answer: cannot read state/node: it is damaged' ]
	run -74 vote ask
	run -74 append <append.frame
	run -74 node verify
	run -74 node show
	run -74 node hello </dev/null
	run -78 node init a
	same before
}

@test "F49 killed at each system call of verify: the next one finds the same" {
	local at state want=2x3,2x1:300
	need_strace
	node_up
	takes b 2 2x3 1 3
	cp state/lock lock
	takes b 2 2x3,2x3:300 4 3
	dd if=/dev/zero of=state/log/0000000000000001 bs=512 seek=2 count=1 conv=notrunc status=none
	keep rotten
	cp lock state/lock
	keep torn
	for state in torn rotten; do
		back "$state"
		trace node verify
		points
		for at in "${point[@]}"; do
			[[ $at != f*sync* ]] || continue
			back "$state"
			at "$at" signal=KILL node verify || :
			printf '%s, killed at %s\n' "$state" "$at"
			node verify
			if [ "$state" = torn ]; then
				whole
				log_is 2x3
			else
				damaged
				[[ $(member log) = 2x3' bad at'* ]]
			fi
		done
	done
}

@test "F49 killed at each system call of a repair: damaged, or whole and all there" {
	local at
	need_strace
	node_up
	takes b 2 2x3,2x3:300 1 6
	poke state/log/0000000000000001 900
	node verify
	damaged
	keep before
	member append b 3 2x3,2x3:300,3x1 4 4 last=8 >frame
	trace append <frame >/dev/null
	points
	for at in "${point[@]}"; do
		[[ $at != f*sync* ]] || continue
		back before
		at "$at" signal=KILL append <frame >reply || :
		printf 'killed at %s: %s\n' "$at" "$(node show damaged)"
		damaged || log_is 2x3,2x3:300,3x1
		node verify
		damaged || log_is 2x3,2x3:300,3x1
		sends_frames
		[ "$output" = 'appended to b term 3 seq 3 yes 8 last 8' ]
		whole
		log_is 2x3,2x3:300,3x1
	done
}

# as_other CMD...: as somebody who is not root.
as_other() {
	if [ "$(id -u)" -eq 0 ]; then
		setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
	else
		"$@"
	fi
}

@test "F48 state/ is read-only, or another's" {
	local cmd
	node_up
	cp "$ROOT/libexec/step/vote" "$ROOT/libexec/step/append" "$ROOT/libexec/os/node" .
	member ballot b 5 1@0 >frame
	if [ "$(id -u)" -eq 0 ]; then
		as_other true 2>/dev/null || skip 'nobody else to be'
		chmod 755 .
		for cmd in './vote answer' './vote ask' ./append './node verify' './node show'; do
			run -74 as_other $cmd <frame
			[ "${#lines[@]}" -eq 1 ]
			[[ $output = *'state/'*'Permission denied' ]]
		done
		chown -R 65534:65534 state .
	fi
	chmod -R a-w state
	for cmd in './vote answer' './vote ask' ./append './node verify' './node show'; do
		run -74 as_other $cmd <frame
		[ "${#lines[@]}" -eq 1 ]
		[[ $output = *'state/'*'Permission denied' ]]
	done
	chmod -R u+w state
	# A directory that nothing can be made in.
	chmod u-w state/log state
	run as_other ./vote answer <frame
	[ "$status" -eq 0 ] # which makes nothing
	chmod u+w state/log state
	[ "$(shows term) $(shows voted_for)" = '5 b' ]
}

# leads TERM: lead has begun, and waits for peers and clients; then it is killed.
leads() {
	start "$ROOT/libexec/lead/lead" "$1"
	soon test -S run/client.sock
	kill -KILL "$pid"
	wait "$pid" || :
	rm -f run/*.sock run/stamp # it was heard by itself
}

# leads_not TERM REASON: it does not begin, and changes nothing.
leads_not() {
	keep before
	run -1 "$ROOT/libexec/lead/lead" "$1"
	printf '%s\n' "$output"
	[[ $output = 'lead: cannot lead: '*"$2"* ]]
	[ ! -e run/peer.sock ]
	same before
}

@test "F64 a term's leader begins once" {
	node_up
	mkdir run
	printf '10\n' >run/election_timeout
	leads_not 0 'not elected'
	vote ask >/dev/null
	leads 1
	[ "$(shows last_index) $(shows last_term)" = '2 1' ]
	leads_not 1 'it has led in this term before'
	node verify
	leads_not 1 'it has led in this term before'
	vote ask >/dev/null
	leads_not 1 ''
	leads 2
	[ "$(shows last_index) $(shows last_term)" = '3 2' ]
	# Elected it was, but somebody else since then.
	vote ask >/dev/null
	granted b 7 9@9
	leads_not 3 ''
	leads_not 7 'not elected'
}

@test "F45 F50 a leader says nothing on a stream before the gate has greeted" {
	node_up
	mkdir run
	printf '10\n' >run/election_timeout
	vote ask >/dev/null
	"$ROOT/build/tests/stream" 1
}

@test "F45 F64 a leader whose log has lost what it may have sent leads no more" {
	node_up
	mkdir run
	printf '3\n' >run/election_timeout
	vote ask >/dev/null
	start "$ROOT/libexec/lead/lead" 1
	soon test -S run/client.sock
	poke "state/log/$(printf %016d 1)" "$(member log -v | sed -n 's/^2 .* at [0-9]* \([0-9]*\) durable.*/\1/p')"
	poke state/lock 30
	soon gone "$pid"
	ended
	[ "$status" -eq 1 ]
	grep -q 'lead: steps down: the log has lost index 2$' message-log/node.log
	damaged
}

@test "F44 no room for the name of the members: what was not written is not in force" {
	need_strace
	node_up a
	mkdir run
	printf '10\n' >run/election_timeout
	vote ask >/dev/null
	start strace -f -qq -o /dev/null -e trace=fsync -e inject=fsync:error=ENOSPC:when=1 \
		"$ROOT/libexec/lead/lead" 1
	soon test -S run/client.sock
	soon dial run/client.sock sh -c 'read -r hello && echo "add-member d 00000000000000dd learner" && read -r answer && echo "$answer" >answer'
	soon gone "$pid"
	ended
	[ "$status" -eq 74 ]
	[ "$(shows members)" -eq 1 ]
}

@test "F15 F43 the no-op is durable before a leader listens" {
	local lead=$ROOT/libexec/lead/lead
	need_strace
	node_up
	mkdir run
	printf '10\n' >run/election_timeout
	vote ask >/dev/null
	run -74 at 'fdatasync 1' error=EIO "$lead" 1
	[ ! -e run/peer.sock ]
	[ ! -e run/leader ]
	[ "$(mark)" = dirty ]
	# Written it was, and may be durable: this term is over.
	run -1 "$lead" 1
	[[ $output = *'it has led in this term before' ]]
}
