# The shells' completion: it knows what --help knows.

bats_require_minimum_version 1.5.0

load ../lib/usage

setup() {
	ROOT=${BATS_TEST_DIRNAME%/tests/*}
	cd "$ROOT" || return
	. share/completion/lite-raft.bash
}

# completes WORD...: what bash offers for the last of these words.
completes() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_lite_raft
	printf '%s\n' "${COMPREPLY[@]}"
}

# in_zsh WORD...: the same in zsh; "files" where it leaves it to the files' names.
in_zsh() {
	zsh -f -c '
		compadd() { print -rl -- "${(@P)2}" }
		_files() { print files }
		fpath=(share/completion $fpath)
		autoload -U _lite-raft
		words=("$@") CURRENT=$#
		_lite-raft' zsh "$@"
}

@test "each verb is offered, and each option behind some verb" {
	verbs ./lite-raft >"$BATS_TEST_TMPDIR/verbs"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/verbs")" -ge 10 ]
	completes ./lite-raft '' | grep -v -e - | sort >"$BATS_TEST_TMPDIR/offered"
	completes ./lite-raft first- >>"$BATS_TEST_TMPDIR/offered"
	diff "$BATS_TEST_TMPDIR/verbs" <(sort "$BATS_TEST_TMPDIR/offered")
	verbs ./lite-raft-client >"$BATS_TEST_TMPDIR/verbs"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/verbs")" -ge 8 ]
	completes ./lite-raft-client '' | grep -v -e '^-' | sort >"$BATS_TEST_TMPDIR/offered"
	diff "$BATS_TEST_TMPDIR/verbs" "$BATS_TEST_TMPDIR/offered"

	for verb in $(completes ./lite-raft ''); do
		completes ./lite-raft "$verb" -
	done | grep . | sort -u >"$BATS_TEST_TMPDIR/offered"
	diff <(options ./lite-raft) "$BATS_TEST_TMPDIR/offered"
	for verb in up down list exec; do
		completes ./lite-raft sandbox "$verb" -
	done | sort -u >"$BATS_TEST_TMPDIR/offered"
	diff <(options ./lite-raft sandbox) "$BATS_TEST_TMPDIR/offered"
	diff <(options ./lite-raft-client; printf '%s\n' --help) <({ completes lite-raft-client - && completes lite-raft-client add-member n4 -; } | sort | grep -v -x -e --help; printf '%s\n' --help)
}

@test "what stands before is heeded" {
	[ "$(completes ./lite-raft st)" = "start
stop
status" ]
	[ "$(completes /srv/lite-raft/lite-raft restart -)" = --wait ]
	[ "$(completes ./lite-raft sandbox d)" = down ]
	[ -z "$(completes ./lite-raft sandbox up --dir '')" ]
	[ "$(completes ./lite-raft-client --timeout 3 --json s)" = "set
status" ]
	[ "$(completes lite-raft-client if k a)" = absent ]
	[ "$(completes lite-raft-client if k absent '')" = "set
unset" ]
	[ "$(completes lite-raft-client if k = v u)" = unset ]
	[ -z "$(completes lite-raft-client set k '')" ]
	[ -z "$(completes lite-raft-client --timeout '')" ]
}

@test "a sandbox's nodes are offered" {
	mkdir "$BATS_TEST_TMPDIR/sandbox"
	printf '3\n' >"$BATS_TEST_TMPDIR/sandbox/nodes"
	[ "$(completes "$BATS_TEST_TMPDIR/lite-raft" sandbox exec n)" = "n1
n2
n3" ]
}

@test "pkg: its verbs and options, the packages that there are, their nodes" {
	pkg=$BATS_TEST_TMPDIR/pkg
	mkdir -p "$pkg/control-scripts"
	printf '#!/bin/sh\nnodes="a b" failback=manual\n' >"$pkg/control-scripts/web"
	cp pkg/control-scripts/template "$pkg/control-scripts"
	diff <(./pkg/pkg --help | sed -e 's/^usage://' -e 's/ on|off//' -e ':a; s/\[[^][]*\]//; ta' | tr '|' '\n' | sed 's/^ *pkg//' | awk 'NF { print $1 }' | sort) \
		<(completes "$pkg/pkg" '' | grep -v -e - | { cat && printf 'confirm-dead\n'; } | sort)
	diff <(options ./pkg/pkg) \
		<(for verb in $(completes "$pkg/pkg" ''); do completes "$pkg/pkg" "$verb" -; done | grep . | sort -u)
	[ "$(completes "$pkg/pkg" stop '')" = web ]
	[ "$(completes "$pkg/pkg" status web '' | grep -v -e '^-')" = web ]
	[ "$(completes "$pkg/pkg" move web '')" = "a
b" ]
	[ "$(completes "$pkg/pkg" maint web o)" = "on
off" ]
}

@test "what stands in a file is offered or not, and never run" {
	mkdir -p "$BATS_TEST_TMPDIR/conf" "$BATS_TEST_TMPDIR/control-scripts"
	cd "$BATS_TEST_TMPDIR"
	printf 'n1 $(touch${IFS}touched) `touch` n2;id * n3 # n4\n' >conf/cluster_nodes
	[ "$(completes lite-raft-client del-member '')" = "n1
n3" ]
	: >'control-scripts/$(touch${IFS}touched)'
	printf 'nodes="a $(touch${IFS}touched) b"\n' >control-scripts/web
	[ "$(completes ./pkg stop '')" = web ]
	[ "$(completes ./pkg move web '')" = "a
b" ]
	[ ! -e touched ] && [ ! -e control-scripts/touched ]
}

@test "bash is told" {
	run -0 bash -c '. share/completion/lite-raft.bash && complete -p lite-raft lite-raft-client pkg'
	[ "${#lines[@]}" -eq 3 ]
}

@test "zsh offers the same" {
	command -v zsh || skip 'there is no zsh'
	zsh -n share/completion/_lite-raft
	[ "$(in_zsh ./lite-raft-client '' | sort)" = "$(completes ./lite-raft-client '' | sort)" ]
	[ "$(in_zsh ./lite-raft sandbox '' | sort)" = "$(completes ./lite-raft sandbox '' | sort)" ]
	[ "$(in_zsh ./lite-raft-client if k absent '')" = "set
unset" ]
	[ "$(in_zsh ./lite-raft-client set k '')" = files ]
}
