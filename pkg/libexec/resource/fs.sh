# fs.sh - a file system, mounted on one host at a time.
#
#	fs DEVICE DIRECTORY [TYPE [OPTIONS]]

fs_newline='
'

# Sets fs_device and fs_options to those of what is mounted on DIRECTORY, the
# uppermost; both empty if nothing is.
fs_find() { # DIRECTORY
	fs_device='' fs_options=''
	if [ -r /proc/self/mounts ]; then
		fs_at=$(awk -v want="$(printf '%s' "${1%/}" | sed 's/\\/\\\\/g')" '
			function plain(s) {
				gsub(/\\040/, " ", s)
				gsub(/\\011/, "\t", s)
				gsub(/\\134/, "\\", s)
				return s
			}
			plain($2) == (want == "" ? "/" : want) { found = $4 " " plain($1) }
			END { print found }' /proc/self/mounts)
	else
		fs_at=$(mount | awk -v want="${1%/}" '
			$2 == "on" && $3 == want { found = $NF " " $1 }
			END { print found }')
	fi
	[ -n "$fs_at" ] || return 0
	fs_options=${fs_at%% *}
	fs_device=${fs_at#* }
}

# The one name of a device that has several.
fs_real() { # DEVICE
	case $1 in
	/*) readlink -f -- "$1" 2>/dev/null || printf '%s\n' "$1" ;;
	*) printf '%s\n' "$1" ;;
	esac
}

# Guard and the list of mounts know a directory by one name only.
fs_named() { # DIRECTORY
	case $1/ in
	[!/]* | *//* | */./* | */../*)
		because 1 'write an absolute path, with no . and .. in it, nor a / too many' || return
		;;
	esac
	[ -d "$1" ] || return 0
	fs_name=$(cd -P -- "$1" && pwd -P) || return
	[ "$fs_name" = "$1" ] || because 1 "it is a link; write $fs_name"
}

fs_start() { # DEVICE DIRECTORY [TYPE [OPTIONS]]
	fs_status "$@"
	case $? in
	0 | 2) return 0 ;;
	1) ;;
	*) return 1 ;;
	esac
	[ -d "$2" ] || mkdir -p -- "$2" || return 1
	fs_named "$2" || return
	pkg_try mount ${3:+-t "$3"} ${4:+-o "$4"} -- "$1" "$2"
}

# Until nothing of it is left there: it may have been mounted twice.
fs_stop() { # DEVICE DIRECTORY [TYPE [OPTIONS]]
	fs_find "$2"
	while [ -n "$fs_device" ]; do
		[ "$(fs_real "$fs_device")" = "$(fs_real "$1")" ] || {
			because 1 "$fs_device is mounted there" || return
		}
		pkg_wait 10 pkg_try umount -- "$2" || return 1
		fs_find "$2"
	done
}

fs_status() { # DEVICE DIRECTORY [TYPE [OPTIONS]]
	fs_find "$2"
	[ -n "$fs_device" ] || return 1
	if [ "$(fs_real "$fs_device")" != "$(fs_real "$1")" ]; then
		because 4 "$fs_device is mounted there" || return
	fi
	# A dead disk or server makes this wait, until it is ended from outside.
	[ -d "$2/." ] || {
		because 4 'does not answer' || return
	}
	case ,${4-}, in
	*,ro,*) return 0 ;;
	esac
	case ,$fs_options, in
	*,ro,* | *'(ro,'* | *', ro,'* | *'read-only'*)
		because 2 ro
		;;
	esac
}

fs_check() { # DEVICE DIRECTORY [TYPE [OPTIONS]]
	fs_named "$2" || return
	if [ "$(id -u)" -ne 0 ]; then
		because 1 'only root may mount it' || return
	fi
	case $1 in
	/dev/*)
		[ -e "$1" ] && return
		# A volume group may bring it.
		case ${pkg_list-} in
		vg* | *"$fs_newline"vg*) ;;
		*) because 1 "there is no $1" ;;
		esac
		;;
	esac
}

# Without looking at it: where it is mounted, that may take for ever.
fs_kill() { # DEVICE DIRECTORY [TYPE [OPTIONS]]
	fs_name=${2%"${2##*[!/]}"}
	fs_above=$(cd -P -- "${fs_name%/*}/" 2>/dev/null && pwd -P) || fs_above=${fs_name%/*}
	# Another namespace of mounts may have it, too.
	[ ! -b "$1" ] || printf 'device %s\n' "$1"
	printf 'fs %s\n' "${fs_above%/}/${fs_name##*/}"
}
