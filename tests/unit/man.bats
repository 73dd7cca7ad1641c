# The manual pages say what is so: each verb, option, setting, file, field and exit
# status of the programs stands in its page, and none that there is not.

load member
load ../lib/usage

setup() {
	mkdir "$BATS_TEST_TMPDIR/a node"
	cd "$BATS_TEST_TMPDIR/a node"
	started=
	MAN=$ROOT/man
}

# lists PAGE HEADING: the list of a section, without its markup: a line an item.
lists() {
	awk -v heading="$2" '
		/^\.S[hs] / { inside = ($0 == ".Sh " heading || $0 == ".Ss " heading) }
		inside && /^\.It / { print }
	' "$MAN/$1" | sed -E -e 's/^\.It //' -e 's/\\&//g'
}

# page_options PAGE: those that the page has.
page_options() {
	sed -n -E '/^\./!d; s/\\-/-/g; s/\b(Fl|\|) /\n&/g; p' "$MAN/$1" |
		sed -n -E 's/^(Fl|\|) (-?[a-z][a-z-]*).*/-\2/p' | sort -u
}

@test "lite-raft(1): the verbs and options of --help, and no others" {
	diff <(
		{
			options "$ROOT/lite-raft"
			options "$ROOT/lite-raft" sandbox
			printf '%s\n' --help
		} | sort -u
	) <(page_options lite-raft.1)
	diff <(verbs "$ROOT/lite-raft") \
		<(lists lite-raft.1 DESCRIPTION | sed -n 's/^Cm \([a-z-]*\).*/\1/p' | sort -u)
	diff <("$ROOT/lite-raft" sandbox --help | sed -E 's/^(usage:)? *lite-raft sandbox ([a-z]*).*/\2/' | sort) \
		<(lists lite-raft.1 DESCRIPTION | sed -n 's/^Cm sandbox \([a-z]*\).*/\1/p' | sort)
}

@test "lite-raft-client(1): the verbs, options and exit statuses of --help" {
	diff <(
		{
			options "$ROOT/lite-raft-client"
			printf '%s\n' --help
		} | sort -u
	) <(page_options lite-raft-client.1)
	diff <(verbs "$ROOT/lite-raft-client") \
		<(lists lite-raft-client.1 DESCRIPTION | sed -n 's/^Cm \([a-z-]*\).*/\1/p' | grep -v -x absent | sort -u)
	diff <("$ROOT/lite-raft-client" --help | sed -n '/^Exit status/,$p' | grep -o -w '[0-9]*' | sort) \
		<(lists lite-raft-client.1 'EXIT STATUS' | sort)
}

@test "pkg(1): the verbs and options of --help, and no others" {
	"$ROOT/pkg/pkg" --help | sed -e 's/^usage://' -e 's/ on|off//' -e ':a; s/\[[^][]*\]//; ta' >help
	diff <(tr '|' '\n' <help | sed 's/^ *pkg//' | awk 'NF { print $1 }' | sort) \
		<(sed '/^\.Sh DESCRIPTION/q' "$MAN/pkg.1" | sed -n 's/^\.Cm //p' | grep -v on | { cat && printf 'confirm-dead\n'; } |
			tr -d ' ' | tr '|' '\n' | sort)
	diff <(lists pkg.1 DESCRIPTION | sed -n 's/^Cm //p' | tr -d ' ' | tr ',' '\n' | sort) \
		<(tr '|' '\n' <help | sed 's/^ *pkg//' | awk 'NF && $1 != "help" { print $1 }' | sort)
	diff <(options "$ROOT/pkg/pkg") <(page_options pkg.1)
}

@test "control-script(5): each setting and resource, with what it is if it is not set" {
	diff <(sed -n "s/^settings='//; /^nodes/,/reboot'/p" "$ROOT/pkg/libexec/verb/init.sh" | tr -d "'" | tr ' ' '\n' | grep . | sort) \
		<(lists control-script.5 Settings | sed 's/^Cm //; s/ , /\n/g' | sort)
	diff <(ls "$ROOT/pkg/libexec/resource" | grep -v main | sed 's/\.sh//' | sort) \
		<(lists control-script.5 Resources | sed 's/^Cm //; s/ .*//' | sort -u)
	for verb in start stop status check echo resources fence; do
		lists control-script.5 DESCRIPTION | grep -q "^Cm $verb"
	done
}

@test "exit statuses are those of types.h" {
	statuses=" $(sed -n 's/^\tEXIT_[A-Z]* = \([0-9]*\).*/\1/p' "$ROOT/libexec/core/types.h" | tr '\n' ' ')"
	for page in lite-raft.1 lite-raft-client.1; do
		lists "$page" 'EXIT STATUS' >statuses
		[ -s statuses ]
		while read -r status; do
			[[ $statuses == *" $status "* ]]
		done <statuses
	done
}

@test "lite-raft.conf(5): each setting that ships, or is read, has its section" {
	{
		(cd "$ROOT/conf" && printf '%s\n' *)
		grep -r -h -o -E '\bconf/[a-z_]+' "$ROOT/bin" "$ROOT/libexec" --include='*' -I | cut -d / -f 2
	} | sort -u >settings
	printf '%s\n' cluster_nodes election_timeout snapshot_period | diff - <(grep -x -e cluster_nodes -e election_timeout -e snapshot_period settings)
	diff settings <(lists lite-raft.conf.5 DESCRIPTION | sed 's/^Pa //' | sort)
}

@test "lite-raft-state(5): each file of state/ has its section" {
	node_up
	replay write 10
	snapshot take
	for name in $(ls state); do
		grep -q -E "^\.Ss state/$name/?$" "$MAN/lite-raft-state.5"
	done
	# That of a peer that has started.
	: >state/seen.ID
	[ "$(ls state | wc -l)" -eq "$(grep -c '^\.Ss state/' "$MAN/lite-raft-state.5")" ]
}

# is FILE ERE: its first line, from there to its newline, is that.
is() {
	head -n 1 "$1" | grep -q -x -E -e "$2"
}

# crc32c TEXT: its CRC-32C; that this is RFC 3720's, num.bats knows.
crc32c() {
	local sealed
	sealed=$(member seal "$1")
	printf '%s\n' "${sealed##* }"
}

# crc_holds LINE [BLANK]: it ends in the CRC of what stands before it; BLANK says
# that the blank between them belongs to that.
crc_holds() {
	local line=$1
	[ "$(crc32c "${line% *}${2:+ }")" = "${line##* }" ]
}

@test "lite-raft-state(5): the lines are as they are written" {
	node_up
	id='[0-9a-f]{16}' crc='[0-9a-f]{8}' n='[0-9]{16}'
	is state/node "lite-raft-node 1 a $id $id member 0 $crc"
	crc_holds "$(head -n 1 state/node)"
	is state/term "lite-raft-term 1 [0-9]+ [0-9]+ [^ ]+ ($id|-) $crc"
	crc_holds "$(head -n 1 state/term)" blank
	cmp <(head -c 4096 state/term | head -n 1) <(tail -c 4096 state/term | head -n 1)
	[ "$(wc -c <state/term)" -eq 8192 ]
	is state/lock "lite-raft-lock 1 $n (clean|dirty|cut) $n $n $n $crc $n $n $crc"
	crc_holds "$(head -n 1 state/lock)" blank
	is state/members "lite-raft-members 1 1 [0-9]+ $crc $crc"
	crc_holds "$(head -n 1 state/members)"
	[ "$(sed -n 2p state/members | cut -d ' ' -f 1,2)" = 'member a' ]
	[ "$(ls state/log)" = 0000000000000001 ]
	replay write 10
	snapshot take
	is state/snapshot/*/manifest "lite-raft-snapshot 1 11 1 $crc ([0-9]+ ){4}$crc [0-9]+ $crc 1 [0-9]+ $crc $crc"
	crc_holds "$(head -n 1 state/snapshot/*/manifest)"
	[ "$(sed -n 2p state/snapshot/*/manifest | cut -d ' ' -f 1,2)" = 'member a' ]
}

@test "lite-raft-state(5): the examples are whole" {
	sed -n '/^\.Sh EXAMPLES/,/^\.Ed/p' "$MAN/lite-raft-state.5" | grep -v '^[.$]' | tr '\n' ' ' | sed 's/\\e //g' |
		grep -o -E '(lite-raft-(node|term|lock|snapshot) 1|e1) ([^ ]+ )*' | sed 's/ *$//' |
		sed 's/ \(lite-raft-\|e1 \)/\n\1/g' >examples
	[ "$(wc -l <examples)" -eq 5 ]
	while read -r line; do
		printf '%s\n' "$line"
		case $line in
		lite-raft-node* | lite-raft-snapshot* | e1*) crc_holds "$line" ;;
		*) crc_holds "$line" blank ;;
		esac
	done <examples
}

@test "lite-raft-state(5): a record's fields stand where the table says" {
	node_up
	header=$(head -c 130 state/log/0000000000000001)
	[ "${#header}" -eq 129 ]
	lists lite-raft-state.5 state/log/ | sed -n -E 's/^([0-9]+) Ta ([0-9]+) Ta (.*)/\1 \2 \3/p' >table
	[ "$(wc -l <table)" -eq 11 ]
	at=0
	while read -r offset length what; do
		printf '%s %s %s: %s\n' "$offset" "$length" "$what" "${header:offset:length}"
		[ "$offset" -eq "$at" ]
		[[ ${header:offset:length} != *' '* && "${header:offset+length:1}" == [' '] || $offset -eq 121 ]]
		at=$((offset + length + 1))
	done <table
	[ "$at" -eq 130 ]
	[ "$((10#${header:3:16})) $((10#${header:20:16})) ${header:37:1}" = '1 0 m' ]
	[ "${header:121:8}" = "$(crc32c "${header:0:120}")" ]
	length=$((10#${header:73:7}))
	payload=$(tail -c +131 state/log/0000000000000001 | head -c "$length"; printf .)
	[ "${header:103:8}" = "$(crc32c "${payload%.}")" ]
	[ "${header:112:8}" = "$(crc32c "${header:3:77}${header:103:8}")" ]
}

@test "lite-raft-protocol(7): the gate's verbs and the frames' types are all there" {
	diff <(sed -n 's/^peer:\([^)]*\)) ;;$/\1/p; s/^\(peer:client\) .*/\1/p' "$ROOT/libexec/link/gate" |
		tr '|' '\n' | sed -n 's/^ *\(peer:\)*\([a-z]*\).*/\2/p' | grep -v -x client | { cat && printf 'client\n'; } | sort -u) \
		<(lists lite-raft-protocol.7 'The gate' | sed 's/^Cm //' | sort)
	diff <(sed -n '/type_names\[/,/};/p' "$ROOT/libexec/core/frame.c" | grep -o '"[a-z!]*"' | tr -d '"' | sort) \
		<(lists lite-raft-protocol.7 Frames | sed 's/^Cm //' | sort)
	grep -q -x -F ".Dl $(sed -n 's/^#define FRAME_GREETING "\(.*\)"/\1/p' "$ROOT/libexec/core/frame.h")" "$MAN/lite-raft-protocol.7"
}

@test "what the pages say of numbers is so" {
	has() { # PAGE TEXT FILE DEFINITION
		tr '\n' ' ' <"$MAN/$1" | grep -q -F -e "$2"
		grep -q -E -e "$4" "$ROOT/libexec/$3"
	}
	has lite-raft-client.1 '262,144 entries' core/store.h 'STORE_WINDOW UINT64_C\(262144\)'
	has lite-raft-protocol.7 '262,144 entries' core/store.h 'STORE_WINDOW UINT64_C\(262144\)'
	has lite-raft-client.1 '1,024 lines or 4 MiB' core/batch.h 'BATCH_LINES 1024u'
	has lite-raft-client.1 '1,024 lines or 4 MiB' core/batch.h 'BATCH_BYTES \(4u \* 1024u \* 1024u\)'
	has lite-raft-client.1 '1 to 1,024 bytes' core/types.h 'KEY_MAX +1024u'
	has lite-raft-client.1 'up to 1 MiB' core/types.h 'VALUE_MAX +\(1024u \* 1024u\)'
	has lite-raft-protocol.7 'at most 1,024 bytes, a body 4 MiB' core/frame.h 'FRAME_HEADER_MAX 1024u'
	has lite-raft-protocol.7 'at most 1,024 bytes, a body 4 MiB' core/frame.h 'FRAME_BODY_MAX +\(4u \* 1024 \* 1024\)'
	has lite-raft-protocol.7 'at most 9 MiB' lead/clients.c 'LINE_LIMIT \(9u \* 1024 \* 1024\)'
	has lite-raft-state.5 '8 MiB' state/state.h 'SEGMENT_BYTES \(8u \* 1024 \* 1024\)'
	has lite-raft.conf.5 '1 to 31 nodes' core/types.h 'MEMBERS_MAX 31u'
	has lite-raft.conf.5 '1 to 80' core/types.h 'NAME_LIMIT +80u'
	has lite-raft.1 'Of 1 MiB it becomes' os/note.c 'NOTE_MAX +1048576'
}

@test "the README says where the pages are" {
	grep -q -E '^man/' "$ROOT/README"
}
