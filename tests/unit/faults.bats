# F49 F43 F44 F63: each step, and what a start does, is killed at each of its calls
# in turn, and has each of its opens, writes, syncs, renames and removals fail; then it
# is started again, and nothing that was said is forgotten.
#
# A few of the calls, spread over all of them, and the first write to state/term;
# make faults takes each.

load member
load peers

# What may happen to a call.
fates() { # NAME
	printf 'signal=KILL\n'
	case $1 in
	write | unlinkat) printf 'error=EIO\n' ;;
	*) printf 'error=EIO\nerror=ENOSPC\n' ;;
	esac
}

# calls: "NAME NTH" of each call of ./trace that is of this node's files, or the reply;
# behind the first write to state/term a word more.
calls() {
	awk '{
		name = $0
		sub(/\(.*/, "", name)
		if (name !~ /^[a-z0-9]+$/)
			next
		nth[name]++
		if (/262144\) = 262144/ && ++zeros > 3)
			next
		if (/"(state|run|message-log)[\/"]/ || /(state|run|message-log)\/[^>]*>/ || /^write\(1</)
			print name, nth[name], /^pwrite.*\/term>/ && !term++ ? "always" : ""
	}' trace
}

# each SCENE: SCENE_begin makes the state, $cmd and the file ./in; SCENE_holds is true
# of it whatever became of the command, which printed ./reply, once a start has looked
# at it; SCENE_again carries it out, and sees to it that it was.
each() {
	local call name nth always fate n=0 tried=0 every=1
	need_strace
	"$1_begin"
	keep before
	rm -rf before.run
	[ ! -d run ] || cp -r run before.run
	trace "${cmd[@]}" <in >reply
	calls >all
	[ "$(wc -l <all)" -ge 4 ]
	[ -n "${LITE_RAFT_FAULTS-}" ] || every=$(($(wc -l <all) * 3 / 7 + 1))
	while read -r name nth always <&5; do
		call="$name $nth"
		for fate in $(fates "$name"); do
			n=$((n + 1))
			[ $((n % every)) -eq 0 ] || [ "$always:$fate" = always:error=EIO ] || continue
			tried=$((tried + 1))
			rm -rf state/members state/node state/seen.* run message-log
			back before
			[ ! -d before.run ] || cp -r before.run run
			status=0
			at "$call" "$fate" "${cmd[@]}" <in >reply 2>err 5<&- || status=$?
			printf '%s: %s at %s: %s %s\n' "$1" "$fate" "$call" "$status" "$(<err)"
			case $fate:$status in
			signal=KILL:*) ;;
			*:0 | *:1 | *:74 | *:78) [ "$(wc -l <err)" -le 1 ] ;;
			*) false ;;
			esac
			[ ! -e state/node ] || node verify
			"$1_holds"
			"$1_again"
			node verify
			[ "$(shows damaged)" = no ]
		done
	done 5<all
	printf '%s: %s of them\n' "$1" "$tried"
	[ "$tried" -ge 4 ]
}

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
