# F49 F43 F44 F63: each step, and what a start does, is killed at each of its calls
# in turn, and has each of its opens, writes, syncs, renames and removals fail; then it
# is started again, and nothing that was said is forgotten.  (faults.bash says more.)

load member
load peers
load faults

said() { # PATTERN
	[[ $(member replies <reply 2>/dev/null) = *$1* ]]
}

vote_begin() {
	node_up
	member ballot b 5 1@0 >in
	cmd=(vote answer)
}
vote_holds() {
	if said ' yes'; then
		[ "$(shows term) $(shows voted_for)" = '5 b' ]
	fi
	[[ $(shows term) = [05] ]]
}
vote_again() {
	granted b 5 1@0
	refused c 5 9@9
}
@test "F49 F43 F44 a vote" { each vote; }

ask_begin() {
	node_up
	granted b 5 1@0
	: >in
	cmd=(vote ask)
}
ask_holds() {
	if [ -s reply ]; then
		[ "$(shows term) $(shows voted_for)" = '6 a' ]
	fi
	case $(shows term):$(shows voted_for) in
	5:b | 6:a) ;;
	*) false ;;
	esac
}
ask_again() {
	local term
	refused c 5 9@9 "$(shows term)"
	term=$(shows term)
	vote ask >reply
	[ "$(shows term) $(shows voted_for)" = "$((term + 1)) a" ]
}
@test "F49 F43 F44 a candidate's vote for itself" { each ask; }

tally_begin() {
	node_up
	vote ask >ballots
	member voted b 9 no seq=1 >in
	cmd=(vote tally 5)
}
tally_holds() {
	case $(shows term):$(shows voted_for) in
	1:a) [ "$status" -ne 1 ] ;;
	9:-) ;;
	*) false ;;
	esac
	[ ! -s reply ]
}
tally_again() {
	[ "$(shows term)" -eq 9 ] || run -1 vote tally 5 <in
	[ "$(shows term) $(shows voted_for)" = '9 -' ]
	refused b 1 9@9 9
	granted b 10 1@0
}
@test "F49 F43 F44 F4 a newer term ends a count" { each tally; }

won_begin() {
	node_up
	vote ask >ballots
	member voted b 1 yes >in
	cmd=(vote tally 5)
}
won_holds() {
	[ "$(shows term) $(shows voted_for)" = '1 a' ]
	[ ! -s reply ] || [ "$(<reply)" = 1 ]
	[ "$status" -ne 0 ] || [ -s reply ]
}
won_again() {
	[ "$(vote tally 5 <in)" = 1 ]
}
@test "F49 F43 F44 a majority is counted" { each won; }

handover_begin() {
	node_up
	takes b 2 2x3 1 3
	mkdir -p run
	mkfifo run/wake
	member handover b 2 >in
	cmd=(vote handover)
}
handover_run() { # there is a timer that waits
	local r=0
	exec 8<>run/wake
	carry "$@" 8>&- || r=$?
	exec 8>&-
	return "$r"
}
handover_holds() {
	log_is 2x3
	[ "$(shows term) $(shows voted_for)" = '2 -' ]
	[ ! -s reply ]
}
handover_again() {
	start timer wait 60
	soon handed_over
	ended
	[ "$status $output" = '0 handover' ]
}
handed_over() {
	vote handover <in
	[ -s out ]
}
@test "F49 F43 F44 leadership is handed over" { each handover; }

append_begin() {
	node_up -s 1000
	takes b 2 2x3 1 3
	member append b 2 2x3,2x3:70000 4 3 >in
	cmd=(append)
}
append_holds() {
	local is
	is=$(member log)
	if said ' yes 7'; then
		[ "$is" = 2x3,2x3:70000 ]
	fi
	[[ $is = 2x3 || $is = 2x3,2x[123]:70000 ]]
	[ "$(shows term)" -eq 2 ]
}
append_again() {
	cp in frame
	sends_frames
	[ "$output" = 'appended to b term 2 seq 2 yes 7 last 7' ]
	log_is 2x3,2x3:70000
}
@test "F49 F43 F44 F63 an append that needs a segment" { each append; }

cut_begin() {
	node_up
	takes b 2 1x1,2x4:700 1 5
	member append c 3 1x1,3x3:600 1 4 >in
	cmd=(append)
}
cut_holds() {
	local is
	is=$(member log)
	if said ' yes 5'; then
		[ "$is $(shows term)" = '1x1,3x3:600 3' ]
	fi
	[[ $is = 1x1,2x4:700 || $is = 1x1 || $is = 1x1,3x[123]:600 ]]
	[ "$(shows term)" -ge 2 ]
}
cut_again() {
	cp in frame
	sends_frames
	[ "$output" = 'appended to c term 3 seq 3 yes 5 last 5' ]
	log_is 1x1,3x3:600
}
@test "F49 F43 F44 F63 an append that replaces what another leader sent" { each cut; }

repair_begin() {
	node_up
	takes b 2 2x3,2x3:300 1 6
	poke state/log/0000000000000001 900
	node verify
	[ "$(shows damaged)" = yes ]
	member append b 3 2x3,2x3:300,3x1 4 4 last=8 >in
	cmd=(append)
}
repair_holds() {
	if said ' yes 8'; then
		[[ $(shows damaged) = yes || $(member log) = 2x3,2x3:300,3x1 ]]
	fi
	[ "$(shows damaged)" = yes ] || log_is 2x3,2x3:300,3x1
}
repair_again() {
	cp in frame
	sends_frames
	[ "$output" = 'appended to b term 3 seq 3 yes 8 last 8' ]
	log_is 2x3,2x3:300,3x1
}
@test "F49 F43 F44 a log's repair" { each repair; }

take_begin() {
	node_up -s 8192
	mkdir run
	replay write 60
	snapshot take
	replay write 50
	: >in
	cmd=(snapshot take)
}
take_holds() {
	snapshot check
	replay same
	[ "$(shows last_index)" -eq 111 ]
}
take_again() {
	replay write 10
	snapshot take
	replay same
	snapshot check
	[ "$(snapshot show | tail -n 1 | cut -d ' ' -f 2)" -eq 121 ]
}
@test "F49 F43 F44 F23 a snapshot" { each take; }

torn_begin() {
	node_up
	takes b 2 2x3 1 3
	cp state/lock lock
	takes b 2 2x3,2x3:300 4 3
	cp lock state/lock
	dd if=/dev/zero of=state/log/0000000000000001 bs=512 seek=2 count=1 conv=notrunc status=none
	poke state/term 20
	: >in
	cmd=(node verify)
}
torn_holds() {
	log_is 2x3
	[ "$(shows term)" -eq 2 ]
}
torn_again() {
	cp in frame
	takes b 2 2x3,2x3:300 4 3
}
@test "F49 F43 F44 F42 a start that cuts a torn end, and writes half of state/term anew" { each torn; }

boot_begin() {
	node_up
	: >in
	cmd=(node boot)
}
boot_holds() {
	[[ $(cut -d ' ' -f 3,7 state/node) = 'a '[01] ]]
}
boot_again() {
	local was
	was=$(cut -d ' ' -f 7 state/node)
	node boot
	[ "$(cut -d ' ' -f 7 state/node)" -eq "$((was + 1))" ]
}
@test "F49 F43 F44 a start is counted" { each boot; }

join_begin() {
	mkdir state
	node init a
	id=$(shows id)
	: >in
	cmd=(node join a 0123456789abcdef)
}
join_holds() {
	[ "$(shows name) $(shows id) $(shows term)" = "a $id 0" ]
	case $(shows cluster):$(shows joiner) in
	-:no) [ "$status" -ne 0 ] ;;
	0123456789abcdef:yes) ;;
	*) false ;;
	esac
}
join_again() {
	node join a 0123456789abcdef
	[ "$(shows id) $(shows cluster) $(shows joiner)" = "$id 0123456789abcdef yes" ]
	run -1 node join b 0123456789abcdef
}
@test "F49 F43 F44 F35 a node joins a cluster" { each join; }

init_begin() {
	: >in
	mkdir state
	cmd=(node init a)
}
init_holds() {
	[ ! -e state/node ] || [ "$(shows name) $(shows term)" = 'a 0' ]
}
init_again() {
	[ -e state/node ] || node init a
	run -78 node init a
	[ "$(shows name) $(shows term)" = 'a 0' ]
}
@test "F49 F43 F44 a first boot's state" { each init; }

form_begin() {
	three
	asks a b c
	cd a
	: >in
	cmd=(node form a b c)
}
form_holds() {
	[ "$(shows formed)" = yes ] || [ "$(shows last_index)" -eq 0 ]
}
form_again() {
	node form a b c
	[ "$(shows formed) $(shows last_index) $(shows members)" = 'yes 1 3' ]
	[ "$(member log -v | wc -l)" -eq 1 ]
}
@test "F49 F43 F44 F67 a node becomes one of a cluster" { each form; }

install_begin() {
	follower
	leader 30 30 100 4
	offers
	bytes
	cp bytes in
	rm -rf state/snapshot
	before=$(shows last_index)@$(shows last_term)
	cmd=(snapshot install)
}
install_holds() {
	case $(shows last_index)@$(shows last_term) in
	"$before") [ ! -d state/snapshot/0000000000000030.0000000000000002 ] ;;
	30@2) has_it && [ -z "$(ls state/log)" ] ;;
	*) false ;;
	esac
}
install_again() {
	offers
	bytes
	[ ! -s bytes ] || snapshot install <bytes
	has_it
	[ "$(shows last_index) $(shows members)" = '30 3' ]
	snapshot check
}
@test "F49 F43 F44 F23 a snapshot that comes from the leader" { each install; }

send_begin() {
	follower
	leader 30 30 100 4
	offers
	bytes
	keep whole
	was=$(shows last_index)@$(shows last_term)
	a=$PWD
	cd ../leader
	cp "$a/have" in
	cmd=(snapshot send a)
}
send_holds() {
	[ "$status" -ne 0 ] || cmp "$a/bytes" reply
	diff -r before/snapshot state/snapshot
	head -c "$(wc -c <reply)" "$a/bytes" | cmp - reply
	cp reply "$a/part"
	in_dir "$a" takes_part
}
# takes_part: a takes what has come for all of it, or for nothing.
takes_part() {
	back whole
	rm -f run/commit_index
	installs part
	case $(shows last_index)@$(shows last_term):$status in
	"$was":[1-9]*) [ ! -d state/snapshot/0000000000000030.0000000000000002 ] ;;
	30@2:0) has_it ;;
	*) false ;;
	esac
}
send_again() {
	snapshot send a <in >reply
	cmp "$a/bytes" reply
}
@test "F49 F43 F44 F25 a snapshot is sent" { each send; }

wait_begin() {
	node_up
	mkdir run
	: >in
	cmd=(timer wait 0.2)
}
wait_run() { # a leader was heard just now
	began=$(os now)
	printf '%020d %016d %016d\n' "$began" 1 1 >run/stamp
	carry "$@"
}
wait_holds() {
	[ "$status" -ne 0 ] || [ -s reply ]
	[ ! -s reply ] || [[ $(<reply) = timeout && $(($(os now) - began)) -ge 200000000 ]]
	[ "$(shows term) $(shows last_index)" = '0 1' ]
}
wait_again() {
	[ "$(timer wait 0.05)" = timeout ]
	start timer wait 60
	soon test -p run/wake
	printf 'other\n' >run/wake
	ended
	[ "$status $output" = '0 other' ]
}
@test "F49 F43 F44 a follower waits for its leader's silence" { each wait; }
