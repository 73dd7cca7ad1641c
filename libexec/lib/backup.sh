# backup.sh - lite-raft backup FILE and load FILE.
#
# A backup is text: what it is a copy of, a line in batch's quoting for each key,
# and a last line by which one that was cut short or changed is told:
#
#	# lite-raft-backup 1 INDEX TERM CLUSTER
#	set KEY VALUE
#	...
#	# end KEYS CRC BYTES
#
# CRC and BYTES are what cksum(1) says of all lines above it.

. libexec/lib/start.sh

# Sets $file to FILE's absolute path: it was named from where the caller is.
backup_file() { # FILE
	case $1 in
	/*) file=$1 ;;
	*) file=$OLDPWD/$1 ;;
	esac
	[ ! -d "$file" ] || die 64 "cannot use $1: it is a directory; name a file in it"
	[ ! -e "$file" ] || [ -f "$file" ] || die 64 "cannot use $1: it is no plain file"
}

# Prints the greatest index that any node says is committed, after a write was.
committed() {
	why=$(./lite-raft-client noop 2>&1)
	case $? in
	0) ;;
	69 | 75) die 69 "cannot back up: no majority answers: ${why##*: }; --local takes what is known here" ;;
	*) die 74 "cannot back up: ${why#lite-raft-client: }" ;;
	esac
	committed=$(printf "status\n" | ./lite-raft-client batch) || exit
	most=0
	for word in $committed; do
		case $word in
		commit=*[!0-9]* | commit=) ;;
		commit=*) [ "${word#*=}" -le "$most" ] || most=${word#*=} ;;
		esac
	done
	printf '%s\n' "$most"
}

# Waits until this node knows that all up to INDEX is committed.
caught_up() { # INDEX
	polls=0
	while :; do
		index=$(libexec/os/node show commit_index) || exit
		[ "$index" -lt "$1" ] || return 0
		polls=$((polls + 1))
		[ $((polls % 20)) -ne 10 ] || say "waits for this node to catch up: $index of $1"
		[ "$polls" -lt 600 ] || die 69 "cannot back up: this node is at $index of $1 after a minute;" \
			'on the leader it is quicker, and --local takes what is here'
		libexec/step/timer sleep 0.1
	done
}

# Writes $file out of this node's state, with the options of snapshot export; sets
# $keys and $index.
backup_write() { # OPTION
	fresh=$file.new
	# mksh, ended by a signal, takes the status of the last command here.
	trap 'status=$?; rm -f "$fresh"; exit "$status"' EXIT
	trap 'exit 74' TERM INT HUP
	{ printf '' >"$fresh"; } 2>/dev/null || die 74 "cannot write $file: no file can be made in ${file%/*}/"
	# In parentheses: ksh93 that gets a signal here would take all memory there is.
	why=$( (libexec/step/snapshot export ${1:+"$1"} 2>&1 >"$fresh")) || {
		why=${why#snapshot: }
		die 74 "cannot write $file: ${why:-export was ended}"
	}
	keys=$(grep -c '^[^#]' "$fresh")
	sum=$(cksum <"$fresh") || die 74 "cannot read $fresh"
	read -r magic magic version index _ <"$fresh"
	[ "$index" -gt 0 ] || die 69 'cannot back up: of nothing here is known whether it was committed, until a' \
		'leader is heard; if there will be none: ./lite-raft recover'
	if ! printf '# end %s %s\n' "$keys" "$sum" >>"$fresh" || ! why=$(libexec/os/replace "$file" 2>&1); then
		die 74 "cannot write $file${why:+: ${why#replace: }}"
	fi
	trap - EXIT TERM INT HUP
}

backup() { # LOCAL FILE
	[ -f state/node ] || die 78 'cannot back up: this node has not had its first boot'
	backup_file "$2"
	if [ -z "$1" ]; then
		running >/dev/null || die 69 'cannot back up: this node does not run;' \
			'--local takes what is here, as far as it is known to be committed'
		most=$(committed) || exit
		caught_up "$most"
	fi
	last=$(libexec/os/node show last_index) || exit
	backup_write ''
	say "wrote $2: $keys keys, as of index $index"
	[ -z "$1" ] || [ "$index" -ge "$last" ] || printf '%s\n' "lite-raft: $2 is as of index $index: the $((last - index))\
 entries behind it, up to $last, are not known here to be committed; a leader tells, and if there will be none,\
 ./lite-raft recover keeps them" >&2
}

# Ends unless $file is a whole backup; sets $keys.
backup_check() { # FILE
	[ -e "$file" ] || die 78 "cannot read $1: there is no such file"
	{ read -r hash magic version index _ <"$file"; } 2>/dev/null || die 78 "cannot read $1: it is empty, or another user's"
	case "$hash $magic $version" in
	'# lite-raft-backup 1') ;;
	'# lite-raft-backup '*) die 78 "cannot use $1: it is a backup of version $version, which this lite-raft does not know" ;;
	*) die 78 "cannot use $1: it is no backup of lite-raft's" ;;
	esac
	last=$(tail -n 1 "$file" | tr -cd '\40-\176')
	sum=$(sed '$d' "$file" | cksum)
	case $last in
	"# end "*" $sum") ;;
	*) die 78 "cannot use $1: it was cut short, or changed" ;;
	esac
	keys=${last#\# end }
	keys=${keys%% *}
}

# Says how far the answers on stdin have come, and writes the first that is not 0
# behind what is in run/load.  1 if there is one, or too few; 69 if all are 69: then
# nothing was written.
load_count() {
	awk -v all="$keys" -v prog=lite-raft '
		$1 == "0" {
			if (++n % 50000 == 0) { printf "%s: loaded %d of %d keys\n", prog, n, all; fflush() }
			next
		}
		!bad++ { first = $0 }
		$1 == "69" { none++ }
		END {
			if (bad) print first >>"run/load"
			exit (bad && none == NR) ? 69 : (bad || n != all)
		}'
}

# Writes every key of a backup into this cluster, which may have none, so that
# nothing of a store in use is lost; --over takes it as it is.
load() { # OVER FILE
	backup_file "$2"
	backup_check "$2"
	[ -d run ] || die 78 'cannot load: this node was never started; ./lite-raft first-boot --from does both'
	{ printf '' >run/load; } 2>/dev/null || die 74 'cannot write run/load'
	if [ -z "$1" ]; then
		./lite-raft-client list >run/load || exit
		[ ! -s run/load ] || die 1 'cannot load: this cluster has keys already; --over sets those of' \
			'the backup and leaves the others'
	fi
	sed '/^#/d' "$file" | ./lite-raft-client batch 2>>run/load | load_count
	loaded=$?
	read -r why <run/load # what batch complained of, else the answer
	why=${why#lite-raft-client: cannot batch: }
	case $loaded in
	0) ;;
	69) die 69 "cannot load $2: $why" ;;
	*) die 75 "cannot load all of $2: ${why:-batch was ended}; as often as you like: ./lite-raft load --over $2" ;;
	esac
	say "loaded $2: $keys keys, as they were at index $index of the cluster that it is of"
}

# first-boot --from FILE: a backup that can't be used is found before there is
# state, and the keys come when there is a leader.
from_check() { # FILE
	backup_file "$1"
	backup_check "$1"
	[ -z "$foreground" ] || die 64 'cannot use --from with --foreground: lite-raft load does the same later'
}

from_load() { # FILE
	leader_wait
	load '' "$1"
}
