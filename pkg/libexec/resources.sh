# resources.sh - what a control script is made of: a list of resources, started
# from the top and stopped from the bottom.  control-script(5) describes them.
#
#	nodes="a b" restarts=2/10m
#	. "${PKG_LIB:-$(dirname -- "$0")/../libexec}/resources.sh"
#	fs   /dev/vg1/data /data xfs
#	vip  10.0.0.50/24 eth0
#	pkg_main "$@"
#
# Each kind of resource is a file resource/KIND.sh: KIND_start, KIND_stop,
# KIND_status, KIND_check and KIND_kill are called with the resource's words.
# Status is 0 up, 1 down, 2 degraded, 5 it has none, 6 none, but it is missing;
# anything else is unknown.
# What is to be said of it goes into $said.

LC_ALL=C
export LC_ALL
unset CDPATH
# For yash: what a loop in a function goes through is not the function's own.
[ -z "${YASH_VERSION-}" ] || command set +o forlocal

PKG_LIB=${PKG_LIB:-$(dirname -- "$0")/../libexec}
PKG_LIB=$(cd -- "$PKG_LIB" && pwd) || exit 78
PKG_NAME=${PKG_NAME:-${0##*/}}
PKG_RUN=${PKG_RUN:-${PKG_LIB%/*}/run/$PKG_NAME}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH

pkg_separator=$(printf '\037')
pkg_newline='
'
pkg_list='' pkg_reverse='' said=''

# Ends with one line and a status.
pkg_die() { # STATUS WORD...
	pkg_status=$1
	shift
	printf '%s: %s\n' "$PKG_NAME" "$*" >&2
	exit "$pkg_status"
}

# Says why a resource is as it is, and returns STATUS.
because() { # STATUS WORD...
	pkg_status=$1
	shift
	said=$*
	return "$pkg_status"
}

# Runs COMMAND; what it says counts only where it fails.
pkg_try() { # COMMAND...
	because 0 ''
	pkg_said=$("$@" 2>&1) && return
	because $? "$pkg_said"
}

# One line for whoever reads the package's log.
pkg_say() { # WORD...
	printf '%s: %s\n' "$PKG_NAME" "$*"
}

# True if this machine has the program.
pkg_has() { # PROGRAM
	command -v "$1" >/dev/null 2>&1
}

# Waits until COMMAND succeeds, for SECONDS at most.
pkg_wait() { # SECONDS COMMAND...
	pkg_polls=$(($1 * 10))
	shift
	until "$@"; do
		[ "$pkg_polls" -gt 0 ] || return 1
		pkg_polls=$((pkg_polls - 1))
		sleep 0.1
	done
}

# Puts a resource at the end of the list.
pkg_add() { # KIND WORD...
	[ $# -gt 1 ] || pkg_die 64 "cannot use $1: what follows it? see control-script(5)"
	pkg_line=$1
	[ -f "$PKG_LIB/resource/$1.sh" ] || pkg_die 78 "cannot find $PKG_LIB/resource/$1.sh: copy all of pkg"
	# shellcheck source=/dev/null
	. "$PKG_LIB/resource/$1.sh"
	shift
	for pkg_word; do
		case $pkg_word in
		*"$pkg_newline"* | *"$pkg_separator"*) pkg_die 64 'cannot use a word with a newline in it' ;;
		esac
		pkg_line=$pkg_line$pkg_separator$pkg_word
	done
	pkg_list=$pkg_list$pkg_line$pkg_newline
	pkg_reverse=$pkg_line$pkg_newline$pkg_reverse
}

need() { pkg_add need "$@"; }
lun() { pkg_add lun "$@"; }
vg() { pkg_add vg "$@"; }
fs() { pkg_add fs "$@"; }
vip() { pkg_add vip "$@"; }
prog() { pkg_add prog "$@"; }
unit() { pkg_add unit "$@"; }
notify() { pkg_add notify "$@"; }
fence() { pkg_add fence "$@"; }

# Calls KIND_VERB with the words of the resource that is one line of a list; sets
# $label to what people know it by.
pkg_call() { # VERB LINE
	pkg_verb=$1
	pkg_line=$2
	set --
	IFS=$pkg_separator
	for pkg_word in $pkg_line; do
		set -- "$@" "$pkg_word"
	done
	unset IFS
	pkg_kind=$1
	shift
	case $pkg_kind in
	fs) label=fs:${2-$1} ;;
	need) label="need $*" ;;
	*) label=$pkg_kind:$1 ;;
	esac
	because 0 ''
	"${pkg_kind}_$pkg_verb" "$@"
}

# Calls FUNCTION with each line of LIST; 1 as soon as one fails.
pkg_each() { # FUNCTION LIST
	while IFS= read -r pkg_next <&3; do
		[ -n "$pkg_next" ] || continue
		"$1" "$pkg_next" || return 1
	done 3<<END
$2
END
}

# Has whoever is told by `notify` been?
pkg_all_told() {
	for pkg_word in $pkg_told; do
		! kill -0 "$pkg_word" 2>/dev/null || return 1
	done
}

pkg_start_one() { # LINE
	pkg_call start "$1" 3<&- && return
	printf '%s: cannot start %s%s\n' "$PKG_NAME" "$label" "${said:+: $said}" >&2
	return 1
}

pkg_stop_one() { # LINE
	pkg_call stop "$1" 3<&- && return
	printf '%s: cannot stop %s%s\n' "$PKG_NAME" "$label" "${said:+: $said}" >&2
	pkg_bad=1
}

# Stops all of it, also what stands behind something that does not stop.
pkg_stop() {
	pkg_bad=0 pkg_told=
	pkg_each pkg_stop_one "$pkg_reverse"
	pkg_wait 2 pkg_all_told
	return "$pkg_bad"
}

# Starts all of it, or nothing.
pkg_start() {
	pkg_each pkg_start_one "$pkg_list" && return
	pkg_stop
	return 1
}

. "$PKG_LIB/resource/main.sh"
