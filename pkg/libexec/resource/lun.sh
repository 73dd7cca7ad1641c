# lun.sh - a disk that several hosts see: reserved for this one (SCSI-3 persistent
# reservation, "write exclusive, registrants only") where sg_persist is there;
# without it, all that is asked is whether the disk is there.
#
#	lun DEVICE [key=HEX]

# Prints a key as the disk's are compared: a number.
lun_number() { # HEX
	printf '%s\n' "$1" | tr A-FX a-fx | sed 's/^0x//; s/^0*//'
}

# Sets lun_key to this host's: what was written, or hexadecimal digits out of its name.
lun_own() { # [key=HEX]
	case ${1-} in
	'')
		lun_key=$(printf '%s' "${PKG_NODE:-$(uname -n)}" | cksum) || return
		lun_key=$(printf '%x' "${lun_key%% *}")
		;;
	key=*) lun_key=$(lun_number "${1#key=}") ;;
	*) lun_key= ;;
	esac
	case $lun_key in
	'' | *[!0-9a-f]* | ?????????????????*) because 1 "cannot use $1: a key is 1 to 16 hexadecimal digits, not 0" ;;
	esac
}

# Sets lun_holder to the key that has it reserved; empty: none.
lun_held() { # DEVICE
	lun_answer=$(sg_persist --in --read-reservation "$1" 2>&1) || {
		because 1 'does not answer about its reservation' || return
	}
	lun_holder=$(lun_number "$(printf '%s\n' "$lun_answer" | sed -n 's/.*Key *= *\(0x[0-9a-fA-F]*\).*/\1/p')")
}

lun_start() { # DEVICE [key=HEX]
	[ -e "$1" ] || {
		because 1 'there is no such device' || return
	}
	pkg_has sg_persist || return 0
	lun_own "${2-}" && sg_persist --out --register-ignore --param-sark="$lun_key" "$1" >/dev/null &&
		lun_held "$1" || return 1
	case $lun_holder in
	"$lun_key") ;;
	'') sg_persist --out --reserve --param-rk="$lun_key" --prout-type=5 "$1" >/dev/null ;;
	# Also what the other host has sent and the disk has not carried out is dropped.
	*) sg_persist --out --preempt-abort --param-rk="$lun_key" --param-sark="$lun_holder" --prout-type=5 "$1" >/dev/null ;;
	esac
}

lun_stop() { # DEVICE [key=HEX]
	pkg_has sg_persist && [ -e "$1" ] || return 0
	lun_own "${2-}" && lun_held "$1" || return 1
	if [ "$lun_holder" = "$lun_key" ]; then
		sg_persist --out --release --param-rk="$lun_key" --prout-type=5 "$1" >/dev/null || return 1
	fi
	# Who is not registered is told so, and that is what was wanted.
	sg_persist --out --register --param-rk="$lun_key" --param-sark=0 "$1" >/dev/null 2>&1 || :
}

lun_status() { # DEVICE [key=HEX]
	[ -e "$1" ] || {
		because 1 'there is no such device' || return
	}
	pkg_has sg_persist || return 5
	lun_own "${2-}" && lun_held "$1" || return 4
	[ "$lun_holder" = "$lun_key" ]
}

lun_check() { # DEVICE [key=HEX]
	lun_own "${2-}" || return
	if [ ! -e "$1" ]; then
		because 1 'there is no such device'
	elif [ "$(id -u)" -ne 0 ]; then
		because 1 'only root may use it'
	elif ! pkg_has sg_persist; then
		because 1 'nobody reserves it: sg_persist is not here (sg3-utils)'
	fi
}

lun_kill() { :; }
