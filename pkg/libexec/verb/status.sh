# status.sh - pkg status: what the store says of the packages, all of it asked at
# once, and whether their owners renew.

names=${names-} json=${json-} line=${line-} watch=${watch-} work=${work-} answer='' found=''

# Sets $all to the packages, and $keys to all that there is of those that are asked for.
status_list() {
	ask list pkg/
	status_ask
	answer 1
	all='' keys=''
	listed=$answer
	for key in $listed; do
		case $key in
		pkg/*/conf)
			package=${key#pkg/}
			all="$all ${package%/conf}"
			;;
		esac
	done
	for package in $names; do
		case " $all " in
		*" $package "*) ;;
		*) die 78 "cannot find $package: the store does not know it; use: ./pkg init $package" ;;
		esac
	done
	[ -n "$names" ] || names=$all
	for key in $listed; do
		package=${key#pkg/}
		case " $names " in
		*" ${package%%/*} "*) ;;
		*) continue ;;
		esac
		case $key in
		pkg/*/conf | pkg/*/lease | pkg/*/want | pkg/*/node/*) keys="$keys $key" ;;
		esac
	done
}

# As store, but for the exit status.
status_ask() {
	store_ask || die 4 "cannot ask the store, so nothing is known: ${store_reason-}"
}

# Writes the store's values to FILE, a line "KEY WORD" each.
status_read() { # FILE
	ask status
	for key in $keys; do
		ask get "$key"
	done
	status_ask
	answer 1
	printf 'raft %s\n' "$(raft_line "$answer")" >"$1"
	n=1
	for key in $keys; do
		n=$((n + 1))
		! answer "$n" || printf '%s %s\n' "$key" "$answer" >>"$1"
	done
}

# Prints lite-raft's own state, in a line.
raft_line() { # ANSWER
	printf '%s\n' "$1" | awk -F '"' '{
		for (i = 2; i <= NF; i += 2) {
			n = split($i, word, " ")
			delete fact
			for (k = 1; k <= n; k++)
				fact[substr(word[k], 1, index(word[k], "=") - 1)] = substr(word[k], index(word[k], "=") + 1)
			if (i == 2) {
				leader = fact["leader"]
				term = fact["term"]
			} else if (fact["role"] != "learner") {
				all++
				up += fact["role"] != "down"
			}
		}
		printf "quorum %d/%d, leader %s, term %s\n", up, all, leader, term
	}'
}

# Prints the lines of FILE that are leases that somebody must renew.
held() { # FILE
	grep -E '^pkg/[^/]*/lease .* state=(starting|running|degraded|stopping) ' "$1"
}

# Sets $locals to what is left of the leases that are held here, $silent to the
# packages whose owner has renewed nothing for as long as it should have at most.
status_watch() {
	locals='' silent=' ' waited=0
	held "$work/first" >"$work/held"
	for package in $names; do
		here=$(local_ask "$package") || continue
		word_find holds "$here"
		[ "$found" = yes ] || continue
		word_find lease "$here"
		locals="$locals $package=$found"
		awk -v key="pkg/$package/lease" '$1 != key' "$work/held" >"$work/held.new"
		mv "$work/held.new" "$work/held"
	done
	# Half of the longest time after which one of them is dead.
	patience=$(sed -n 's/.* limit=\([0-9]*\) .*/\1/p' "$work/held" | sort -n | tail -n 1)
	patience=$((${patience:-0} / 2000 + 1))
	began=$(date +%s)
	while [ -s "$work/held" ]; do
		while read -r key value; do
			ask get "$key"
		done <"$work/held"
		status_ask
		n=0
		while read -r key value <&4; do
			n=$((n + 1))
			! answer "$n" || [ "$answer" != "$value" ] || printf '%s %s\n' "$key" "$value"
		done 4<"$work/held" >"$work/held.new"
		mv "$work/held.new" "$work/held"
		waited=$(($(date +%s) - began))
		[ "$waited" -lt "$patience" ] || break
		[ ! -s "$work/held" ] || sleep 0.3
	done
	silent=" $(cut -d / -f 2 "$work/held" | tr '\n' ' ')"
}

status_once() {
	status_read "$work/first"
	status_watch
	awk -v how="$how" -v locals="$locals" -v silent="$silent" -v now="$(date +%s)" \
		-f libexec/verb/status.awk "$work/first"
}

verb_status() {
	how=table
	[ -z "$json" ] || how=json
	[ -z "$line" ] || how=line
	store_open
	[ -z "$watch" ] || status_again
	status_list
	if [ "$how:$names" = table: ]; then
		say 'the store knows no package; begin with: ./pkg init NAME'
		return
	fi
	status_once
}

# Looks again and again, each time as if it was typed anew: what is new is seen, and a store
# that was away is there again; what could never be ends it.
status_again() {
	while :; do
		# shellcheck disable=SC2086 # names have no blanks
		./pkg status ${json:+--json} ${line:+-f} $names >"$work/shown" 2>&1
		status=$?
		case $status in
		64 | 78) cat "$work/shown" >&2 && exit "$status" ;;
		esac
		[ ! -t 1 ] || printf '\033[H\033[J'
		cat "$work/shown" || exit 74
		sleep 1
	done
}
