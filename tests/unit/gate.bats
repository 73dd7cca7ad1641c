# The door in: which verbs it takes from whom, and on what kind of node.
# bats file_tags=shells

bats_require_minimum_version 1.5.0

setup() {
	HERE=$BATS_TEST_TMPDIR/a\ tree
	mkdir -p "$HERE"/libexec/{link,os,step} "$HERE"/{state,run}
	cp "${BATS_TEST_DIRNAME%/tests/*}/libexec/link/gate" "$HERE/libexec/link"
	GATE=$HERE/libexec/link/gate
	stub os/hold
	cat >"$HERE/libexec/os/hold" <<-'END'
		#!/bin/sh
		[ "$*" = "--who run/ready" ] && [ -s running ] && cat running
	END
	stub os/node
	stub step/vote
	stub step/append
	stub link/call
	stub step/snapshot
	stub link/survey
	stub link/join
	printf 'name\n' >"$HERE/state/node"
	running 4711
	unset SSH_ORIGINAL_COMMAND
}

# stub PROGRAM: says what it was called as, where, and with what on stdin.
stub() {
	cat >"$HERE/libexec/$1" <<-END
		#!/bin/sh
		printf '%s\n' "$1 \$*" "\${PWD##*/}" "pid \${LITE_RAFT_RUNNING-}"
		cat
	END
	chmod +x "$HERE/libexec/$1"
}

running() {
	printf '%s\n' "$1" >"$HERE/running"
}

# opens VERB PROGRAM ARG...: the greeting, then the program, in the tree.
opens() {
	local verb=$1
	shift
	run -0 "$GATE" "$verb" <<<'the request'
	[ "$output" = "
lite-raft-gate 1
$*
a tree
pid 4711
the request" ]
}

# refused STATUS WORDS: one line on stderr that has WORDS in it.
refused() {
	printf '%s: %s\n' "$status" "$stderr"
	[ "$status" -eq "$1" ]
	[ "${#stderr_lines[@]}" -eq 1 ]
	[[ $stderr = "gate: "*"$2"* ]]
}

@test "each verb opens its step, in the tree's root" {
	opens vote 'step/vote answer'
	opens append 'step/append '
	opens snapshot 'step/snapshot install'
	opens handover 'step/vote handover'
	opens client 'link/call --gate --store-only'
	opens admin 'link/call --gate'
	run -0 "$GATE" hello <<<'the request'
	[[ $output = *"os/node hello"*"the request" ]]
	run -0 "$GATE" check <<<'the request'
	[[ $output = *"link/survey "*"a tree"*"the request" ]]
	run -0 "$GATE" join <<<'the request'
	[[ $output = *"link/join "*"a tree"*"the request" ]]
}

@test "F61 what is no verb is refused, nothing is run" {
	local verb
	for verb in '' peer snapshots Vote 'vote ' ' vote' 'vote;id' '$(id)' '../step/vote' -h $'vote\nid'; do
		run --separate-stderr "$GATE" "$verb"
		[ -z "$output" ]
		refused 77 'no such verb'
	done
	run --separate-stderr "$GATE" vote extra
	[ -z "$output" ]
	refused 77 'one verb'
	run --separate-stderr "$GATE"
	refused 77 'one verb'
}

@test "a forced command takes the last word of what was asked" {
	export SSH_ORIGINAL_COMMAND="'/somewhere else/libexec/link/gate' vote"
	run -0 "$GATE" peer <<<'the request'
	[[ $output = *"step/vote answer"*"the request" ]]
	SSH_ORIGINAL_COMMAND=append
	run -0 "$GATE" peer <<<''
	[[ $output = *step/append* ]]
	SSH_ORIGINAL_COMMAND="rm -rf / ; hello"
	run -0 "$GATE" peer <<<''
	[[ $output = *"os/node hello"* ]]
}

@test "F61 a client's key opens client and nothing else" {
	export SSH_ORIGINAL_COMMAND=client
	run -0 "$GATE" client <<<''
	[[ $output = *"link/call --gate --store-only"* ]]
	for SSH_ORIGINAL_COMMAND in vote append handover hello check '' 'client vote' 'gate client;id' $'client\nvote' $'x\nclient'; do
		run --separate-stderr "$GATE" client
		[ -z "$output" ]
		refused 77 'no such verb'
	done
	# And with it nothing is asked for.
	unset SSH_ORIGINAL_COMMAND
	run -0 "$GATE" client <<<''
	[[ $output = *"link/call --gate --store-only"* ]]
	for SSH_ORIGINAL_COMMAND in admin 'client admin'; do
		export SSH_ORIGINAL_COMMAND
		run --separate-stderr "$GATE" client
		refused 77 'no such verb'
	done
	SSH_ORIGINAL_COMMAND=vote
	run --separate-stderr "$GATE" vote
	refused 77 'no such verb'
}

# thief ROLE COMMAND: what the forced command of ROLE makes of COMMAND.
thief() {
	# yash has no variable of bytes that are no text: it is as if nothing was asked.
	[[ $(head -n 1 "$GATE"):$1:$2 != *yash:client:*[$'\xff'$'\xc3']* ]] || return 0
	SSH_ORIGINAL_COMMAND=$2 run --separate-stderr "$GATE" "$1" </dev/null
	printf '%s, %.60q: %s\n' "$1" "$2" "$status"
	[ -z "$output" ]
	refused 77 'no such verb'
}

@test "F61 the shell reads no more into a thief's words than stands there" {
	local locale long
	long=$(printf '%90000s' '' | tr ' ' x)
	cd "$BATS_TEST_TMPDIR"
	: >client >vote >hello
	for locale in C C.UTF-8; do
		export LC_ALL=$locale
		for words in '*' '?ote' '[v]ote' 'v*' '{vote,hello}' '~' '$verb' '$(printf vote)' '`printf vote`' '"vote"' "'vote'" '\vote' \
			$'hello\nvote\n' $'x vote\ny' $'vote\t' $'a\tvote' $'vote\r' $'\xffvote' $'vote\xff' $'x \xc3' 'vote ' "$long" "$long "; do
			thief peer "$words"
			thief client "$words"
		done
		for words in vote append handover hello check "$long check" $'client\nvote' $'x vote' $'\xff vote'; do
			thief client "$words"
		done
		thief '*' client
		thief 'peer|client' client
		thief '' client
	done
}

@test "F61 the environment opens nothing" {
	local set
	mkdir -p "$BATS_TEST_TMPDIR/cd/libexec"
	for set in role=peer verb=vote 1=vote IFS=t IFS=cli CDPATH="$BATS_TEST_TMPDIR/cd" LITE_RAFT_RUNNING=1 PWD=/ OLDPWD=/ POSIXLY_CORRECT=1 \
		ENV="$HERE/none" LC_ALL=nowhere; do
		run --separate-stderr env "$set" SSH_ORIGINAL_COMMAND='client vote' "$GATE" client </dev/null
		printf '%s: %s\n' "$set" "$status"
		[ -z "$output" ]
		[ "$status" -eq 77 ]
		# What is meant opens as ever, in the tree, with the pid that holds it.
		run -0 --separate-stderr env "$set" SSH_ORIGINAL_COMMAND='any client' "$GATE" client <<<'the request'
		[ "$output" = '
lite-raft-gate 1
link/call --gate --store-only
a tree
pid 4711
the request' ]
	done
}

@test "a stopped node answers hello and check, and nothing else" {
	: >"$HERE/running"
	local verb
	for verb in vote append handover client; do
		run --separate-stderr "$GATE" "$verb" </dev/null
		[ "$output" = $'\nlite-raft-gate 1' ]
		refused 69 'this node is stopped, or starting'
	done
	run -0 "$GATE" hello </dev/null
	[[ $output = *"os/node hello"* ]]
	run -0 "$GATE" check </dev/null
	[[ $output = *"link/survey "* ]]
	run -0 "$GATE" join </dev/null
	[[ $output = *"link/join "* ]]
}

@test "F50 which run of the node a stream is for is settled before the greeting is out" {
	cat >"$HERE/libexec/os/hold" <<-END
		#!/bin/sh
		[ ! -s "$BATS_TEST_TMPDIR/said" ] && printf '4711\\n'
	END
	"$GATE" append >"$BATS_TEST_TMPDIR/said" </dev/null
	grep -qx 'pid 4711' "$BATS_TEST_TMPDIR/said"
}

@test "before the first boot there is a sentence, and check" {
	rm "$HERE/state/node"
	run --separate-stderr "$GATE" hello </dev/null
	refused 78 'not had its first boot'
	run --separate-stderr "$GATE" vote </dev/null
	refused 78 'not had its first boot'
	run -0 "$GATE" check </dev/null
	[[ $output = *"link/survey "* ]]
}

# Of these a thief's words are made.
fragments=(vote append snapshot handover hello check join admin client gate peer ' ' '  ' $'\t' $'\n' $'\r' ';' '&' '|' '||' '&&'
	'>' '>>' '<' '(' ')' '{' '}' '$' '`' "'" '"' '\' '*' '?' '[' ']' '~' '#' '!' '=' '-' '--' '--help' -c -e .. / ../.. /bin/sh
	'touch stolen' '$(touch stolen)' '`touch stolen`' ';touch stolen;' '>stolen' '${IFS}' '$0' '$@' '%s' '%n' state/node
	'libexec/step/vote' 'exec ' 'eval ' $'\x01' $'\x7f' '-o ProxyCommand=touch\${IFS}stolen')

# words: sets $words to some of them, as the next of this seed's numbers has it.
words() {
	local n
	words=
	for ((n = RANDOM % 7; n >= 0; n--)); do
		words+=${fragments[RANDOM % ${#fragments[@]}]}
	done
}

# opened WORDS ROLE: would this open something?
opened() {
	local verb=${1##* }
	case $2:$verb in
	peer:vote | peer:append | peer:snapshot | peer:handover | peer:hello | peer:check | peer:join | peer:admin) ;;
	peer:client | client:client) ;;
	*) return 1 ;;
	esac
}

# A longer search: LITE_RAFT_GATE="SEED COUNT" tests/run tests/unit/gate.bats -f seed
@test "F61 words of a seed: nothing but its verbs is ever run, nothing is written" {
	local n seed count role before refused=0
	read -r seed count <<<"${LITE_RAFT_GATE:-1 24}"
	RANDOM=$seed
	mkdir "$BATS_TEST_TMPDIR/here"
	cd "$BATS_TEST_TMPDIR/here"
	before=$(cd "$HERE" && find . | sort && cksum state/node)
	for ((n = 0; n < count; n++)); do
		words
		role=peer
		((RANDOM % 2)) || role=client
		case $((RANDOM % 3)) in
		0) # As ssh runs it where no command is forced.
			! opened "x$words" peer || continue
			[[ $words != --help && ! $words =~ ^(vote|append|snapshot|handover|hello|check|join|admin|client)$ ]] || continue
			status=0
			"$GATE" "$words" <<<"$words" >out 2>err || status=$?
			;;
		1) # As a login shell that splits them would have it.
			status=0
			"$GATE" "$role" "$words" <<<"$words" >out 2>err || status=$?
			;;
		2)
			! opened "$words" "$role" || continue
			status=0
			SSH_ORIGINAL_COMMAND=$words "$GATE" "$role" <<<"$words" >out 2>err || status=$?
			;;
		esac
		refused=$((refused + 1))
		printf '%s of seed %s, %s: %q: %s\n' "$n" "$seed" "$role" "$words" "$status"
		[[ $status = 77 || $status = 64 ]]
		[ ! -s out ]
		[ "$(wc -l <err)" -eq 1 ]
		[ "$(echo *)" = 'err out' ]
	done
	[ "$(cd "$HERE" && find . | sort && cksum state/node)" = "$before" ]
	[ "$refused" -ge $((count / 2)) ]
}
