# conf/: what is taken, and what is said of what is not.

bats_require_minimum_version 1.5.0

setup() {
	HERE=$BATS_TEST_TMPDIR/a\ tree
	mkdir -p "$HERE/libexec"
	cp -R "${BATS_TEST_DIRNAME%/tests/*}/libexec/lib" "$HERE/libexec"
	cp -R "${BATS_TEST_DIRNAME%/tests/*}/conf" "$HERE"
	cd "$HERE" || return
}

# shells: the ones that this machine has, a command a line.
shells() {
	local shell
	for shell in dash bash 'busybox ash' mksh ksh93 yash; do
		! command -v "${shell%% *}" >/dev/null || printf '%s\n' "$shell"
	done
}

# under SHELL FUNCTION ARG...: what the function of conf.sh leaves in $conf.
under() {
	local -a shell
	read -ra shell <<<"$1"
	shift
	LC_ALL=C "${shell[@]}" -c 'prog=lite-raft; . libexec/lib/conf.sh; "$@"; printf "%s\n" "$conf"' sh "$@" 2>&1
}

# takes NAME CONTENT FUNCTION VALUE: under every shell.
takes() {
	local shell
	printf -- "$2" >"conf/$1"
	while read -r shell; do
		run -0 under "$shell" "$3"
		printf '%s, %q: %s\n' "$shell" "$2" "$output"
		[ "$output" = "$4" ] || return
	done < <(shells)
}

# refuses NAME CONTENT FUNCTION WORDS: one line that has WORDS in it, and 78.
refuses() {
	local shell
	printf -- "$2" >"conf/$1"
	while read -r shell; do
		run -78 under "$shell" "$3"
		printf '%s, %q: %s\n' "$shell" "$2" "$output"
		[ "${#lines[@]}" -eq 1 ] || return
		[[ $output = "lite-raft: cannot "*"conf/$1"*"$4"* ]] || return
	done < <(shells)
}

@test "cluster_nodes: names separated by blanks, over lines, with comments" {
	takes cluster_nodes 'a b c\n' conf_nodes 'a b c'
	takes cluster_nodes '# the three\n\n  a\tb   # not d\nc' conf_nodes 'a b c'
	takes cluster_nodes 'node1.example.org fe80::1%%eth0 10.0.0.1 x_y-z\n' conf_nodes \
		'node1.example.org fe80::1%eth0 10.0.0.1 x_y-z'
	takes cluster_nodes '# \303\251t\303\251\na\n' conf_nodes a
}

@test "a line that a shell cannot read is not read for ever" {
	local call shell
	printf 'a \303\251\nb' >conf/cluster_nodes
	cp conf/cluster_nodes conf/directories
	export LC_ALL=C
	while read -r shell; do
		for call in conf_nodes 'directory_of a' 'last_line conf/directories'; do
			run timeout 20 $shell -c "prog=lite-raft; . libexec/lib/conf.sh; . libexec/lib/lite.sh; $call"
			[ "$status" -ne 124 ]
		done
	done < <(shells)
}

@test "F59 cluster_nodes: empty, CRLF, twice, no name, too many" {
	refuses cluster_nodes '' conf_nodes 'empty; write a line such as: node1 node2 node3'
	refuses cluster_nodes '\n# a b\n' conf_nodes empty
	refuses cluster_nodes 'a b c\r\n' conf_nodes CRLF
	refuses cluster_nodes 'a b\001\n' conf_nodes 'no text'
	refuses cluster_nodes 'a b a\n' conf_nodes 'twice; write: a b'
	refuses cluster_nodes 'a -b\n' conf_nodes '-b is no name'
	refuses cluster_nodes 'a root@b\n' conf_nodes 'root@b is no name'
	refuses cluster_nodes 'a $(date)\n' conf_nodes 'is no name'
	refuses cluster_nodes 'a ../b *\n' conf_nodes '../b is no name'
	refuses cluster_nodes "$(printf 'n%d ' {1..32})" conf_nodes '32 hosts'
	takes cluster_nodes "$(printf 'n%d ' {10..40})" conf_nodes "$(printf 'n%d ' {10..39})n40"
	refuses cluster_nodes "$(printf 'n%080d' 1)" conf_nodes 'is no name'
}

@test "a setting that is missing, no file, or unreadable" {
	rm conf/cluster_nodes
	run -78 under dash conf_nodes
	[[ $output = *"conf/cluster_nodes: it is missing; write a line such as:"* ]]
	mkdir conf/cluster_nodes
	run -78 under dash conf_nodes
	[[ $output = *"it is no file"* ]]
	[ "$(id -u)" -ne 0 ] || skip "root can read anything"
	chmod 0 conf/election_timeout
	run -78 under dash conf_timeout
	[[ $output = *"not permitted"* ]]
}

@test "election_timeout: 0.05 to 3600, fractions, zeros in front" {
	local good
	for good in 0.05 0.050 1 0.4 10 9.75 3600 3600.0; do
		takes election_timeout "$good\n" conf_timeout "$good"
	done
	takes election_timeout '010 # ten\n' conf_timeout 10
	takes election_timeout '000.5\n' conf_timeout 0.5
	local bad
	for bad in 0 0.0 0.04999 0.00 00 3600.01 3601 99999 -1 1e3 1s .5 5. 1.2.3 1,5 0x10; do
		refuses election_timeout "$bad\n" conf_timeout "$bad is no number of seconds"
	done
	refuses election_timeout '1 2\n' conf_timeout 'more than one thing'
	refuses election_timeout '\n' conf_timeout empty
	refuses election_timeout '3\r\n' conf_timeout CRLF
}

@test "snapshot_period: a number of entries" {
	takes snapshot_period '1\n' conf_period 1
	takes snapshot_period '100000\n' conf_period 100000
	local bad
	for bad in 0 010 -5 1.5 1k 10000000000000000; do
		refuses snapshot_period "$bad\n" conf_period "$bad is no number of log entries"
	done
}

@test "the files that ship: cluster_nodes wants to be written, the others stand" {
	run -78 under dash conf_nodes
	[[ $output = *"empty; write a line such as"* ]]
	run -0 under dash conf_timeout
	run -0 under dash conf_period
}

@test "node_name: one of cluster_nodes" {
	printf 'b\n' >conf/node_name
	run -0 under dash conf_self 'a b c'
	[ "$output" = b ]
	printf 'd\n' >conf/node_name
	run -78 under dash conf_self 'a b c'
	[[ $output = *"conf/node_name: d is not in conf/cluster_nodes (a b c)"* ]]
	printf '\n' >conf/node_name
	run -78 under dash conf_self 'a b c'
	[[ $output = *"conf/node_name: it is empty; write a line such as: a"* ]]
}

@test "F59 without node_name: the one that is this host's name or address" {
	local bin=$BATS_TEST_TMPDIR/bin shell
	mkdir "$bin"
	printf '#!/bin/sh\necho "$name"\n' >"$bin/hostname"
	printf '#!/bin/sh\nexit 127\n' >"$bin/ip"
	printf '#!/bin/sh\necho "1: lo    inet 127.0.0.1/8 scope host lo"
		echo "2: eth0    inet 10.1.2.3/24 scope global"
		echo "2: eth0    inet6 fd00::5/64 scope global"\n' >"$bin/ip"
	chmod +x "$bin"/*
	PATH=$bin:$PATH
	while read -r shell; do
		name=beta.example.org
		export name
		run -0 under "$shell" conf_self 'alpha beta gamma'
		[ "$output" = beta ]
		run -0 under "$shell" conf_self 'alpha.example.org beta.example.org'
		[ "$output" = beta.example.org ]
		run -0 under "$shell" conf_self '10.1.2.2 10.1.2.3'
		[ "$output" = 10.1.2.3 ]
		run -0 under "$shell" conf_self 'fd00::4 fd00::5'
		[ "$output" = fd00::5 ]
		run -78 under "$shell" conf_self 'alpha gamma'
		[[ $output = *"is this host (its names: beta.example.org beta"*"printf '%s\\n' alpha >conf/node_name" ]]
		run -78 under "$shell" conf_self 'beta 10.1.2.3'
		[[ $output = *"this host goes by beta 10.1.2.3; write the right one into conf/node_name"* ]]
		[ "${#lines[@]}" -eq 1 ]
	done < <(shells)
}

@test "cluster_name: a few words for status, or none" {
	local shell
	while read -r shell; do
		name() { run -0 $shell -c 'prog=lite-raft; . libexec/lib/status.sh; status_name'; }
		name
		[ -z "$output" ]
		printf '# mine\norders  (production) # ours\n' >conf/cluster_name
		name
		[ "$output" = 'cluster_name     orders (production)' ]
		printf 'a\033[31mb\n' >conf/cluster_name
		name
		[[ $output = 'cluster_name     cannot use conf/cluster_name: '*'no text'* ]]
		rm conf/cluster_name
		name
		[ -z "$output" ]
		cp "${BATS_TEST_DIRNAME%/tests/*}/conf/cluster_name" conf
	done < <(shells)
}

# Of these a hostile setting is made, most often of the first; \x01 stands for an empty byte.
plain=(a b node1 fe80::1%eth0 3 0 . 00 9999999999 ' ' ' ' ' ' $'\t' $'\n' ' -a' ' - ' '--' ' * ' ' [c]*' ' ~ ' '#' 0x10 1e3)
hostile=($'\r' ';' '&' '|' '>' '<' '(' ')' '{a,b}' '$' '`' "'" '"' '\' '\n' '*' '?' '[a-z]' '!' '=' / .. ../conf '$(touch stolen)'
	'`touch stolen`' ';touch stolen;' '>stolen' '${IFS}' '$((1+1))' '$0' '%s' '%n' 'x[$(touch stolen)]' $'\x01' $'\x7f' $'\x1b[2J' $'\xff'
	$'\xc3\xa9')

# words: sets $words to some of them, as the next of this seed's numbers has it.
words() {
	local n
	words=
	for ((n = RANDOM % 8; n >= 0; n--)); do
		if ((RANDOM % 8)); then
			words+=${plain[RANDOM % ${#plain[@]}]}
		else
			words+=${hostile[RANDOM % ${#hostile[@]}]}
		fi
	done
}

# nodes: sets $nodes to those that $words names, one blank between; 1: they can't be used.
nodes() {
	local line text= word
	local -A once=()
	nodes=
	while IFS= read -r line || [ -n "$line" ]; do
		text+=${line%%#*}$'\n'
	done <<<"$words"
	[[ ! $text =~ [^[:print:][:space:]] && $text != *$'\r'* ]] || return
	while read -r -d ' ' word; do
		[ -n "$word" ] || continue
		[[ $word =~ ^[A-Za-z0-9._:%][A-Za-z0-9._:%-]*$ && -z ${once[$word]-} ]] || return
		once[$word]=1
		nodes+=${nodes:+ }$word
	done <<<"${text//[$' \t\n']/ } "
	[ -n "$nodes" ]
}

# A longer search: LITE_RAFT_CONF="SEED COUNT" tests/run tests/unit/conf.bats -f seed
@test "F59 F61 settings of a seed: taken as they stand or refused in one line, nothing is run" {
	local all count n seed shell
	local -x LC_ALL=C
	read -r seed count <<<"${LITE_RAFT_CONF:-1 90}"
	RANDOM=$seed
	mapfile -t all < <(shells)
	before=$(find . | sort)
	for ((n = 0; n < count; n++)); do
		shell=${all[n % ${#all[@]}]}
		words
		printf '%s of seed %s, %s: %q\n' "$n" "$seed" "$shell" "$words"
		for name in cluster_nodes election_timeout snapshot_period; do
			printf '%s' "$words" | tr '\001' '\000' >conf/$name
		done
		run under "$shell" conf_nodes
		[ "${#lines[@]}" -eq 1 ]
		if nodes; then
			[ "$status $output" = "0 $nodes" ]
		else
			[[ "$status $output" = '78 lite-raft: cannot use conf/cluster_nodes: '* ]]
		fi
		run under "$shell" conf_timeout
		[ "${#lines[@]}" -eq 1 ]
		[[ "$status $output" =~ ^0\ [0-9]{1,4}([.][0-9]+)?$ || $status = 78 ]]
		run under "$shell" conf_period
		[ "${#lines[@]}" -eq 1 ]
		[[ "$status $output" =~ ^0\ [1-9][0-9]{0,14}$ || $status = 78 ]]
	done
	[ "$(find . | sort)" = "$before" ]
}
