# boot.sh - what only a first boot does: another shell for the scripts, the
# programs, state/.

. libexec/lib/conf.sh

# Everything up to the start.  SHELL may be empty.
first_boot() { # SHELL
	[ ! -e state/node ] || die 78 "cannot boot for the first time: there is state already;" \
		"use: ./lite-raft start"
	conf_check
	[ "$(count "$conf")" -eq 1 ] || command -v ssh >/dev/null ||
		die 78 "cannot find ssh: install OpenSSH's client"
	conf_self "$conf"
	node=$conf
	programs_build
	[ -z "$1" ] || shell_use "$1"
	libexec/os/node init "$node" || exit
}

# Makes SHELL what this copy's scripts run under: rewrites their first lines.
shell_use() { # SHELL
	case $1 in
	/*) shell=$1 ;;
	*/*) shell=$OLDPWD/$1 ;;
	*) shell=$(command -v "$1") ;;
	esac
	[ -x "$shell" ] || die 64 "cannot use $1: no such shell"
	case $shell in
	*[!A-Za-z0-9._/+-]*) die 64 "cannot use $shell: #! takes no such path" ;;
	esac
	shell_works || die 78 "cannot use $shell: it is no POSIX shell"
	set +f
	for script in lite-raft bin/lite-raft libexec/*/* pkg/pkg pkg/libexec/* pkg/control-scripts/*; do
		set -f
		shell_rewrite "$script"
	done
	set -f
	# yash makes an empty word of one that is no text, and a key need not be any.
	if [ "$said" = '3 bytes' ]; then
		shell_rewrite lite-raft-client
		shell_rewrite bin/lite-raft-client
	fi
}

# A few things that every POSIX shell does, and no other kind; sets $said.
shell_works() {
	said=$("$shell" libexec/lib/trial 2>/dev/null)
	case $said in
	3 | 3\ bytes) ;;
	*) return 1 ;;
	esac
}

shell_rewrite() { # SCRIPT
	[ -f "$1" ] && [ -x "$1" ] || return 0
	read -r first <"$1" || return 0
	case $first in
	'#!'*) ;;
	*) return 0 ;;
	esac
	if ! cp -p "$1" "$1.new" || ! sed "1s|.*|#!$shell|" "$1" >"$1.new" || ! libexec/os/replace "$1"; then
		rm -f "$1.new"
		die 74 "cannot rewrite $1"
	fi
}

# True if every program is there, and they are for this kind of machine.
programs_run() {
	for program in os/hold os/measure os/node os/replace os/zeros step/vote step/append step/snapshot step/timer \
		lead/lead link/call link/dial link/probe; do
		[ -x "libexec/$program" ] && [ -s "libexec/$program" ] || return 1
	done
	libexec/os/node --help >/dev/null 2>&1
}

# Builds the programs if they are missing or do not run here.
programs_build() {
	programs_run && return
	make=
	for tool in gmake make; do
		case $("$tool" --version 2>/dev/null) in
		*GNU*) make=$tool ;;
		esac
	done
	compiler=
	for tool in c99 clang gcc cc ${CC:+"$CC"}; do
		! command -v "$tool" >/dev/null || compiler=$tool
	done
	case ${make:+make}:${compiler:+compiler} in
	:) missing 'GNU make and a C compiler are missing' ;;
	:*) missing 'GNU make is missing' ;;
	*:) missing 'a C compiler is missing' ;;
	esac
	say "builds the programs (once, with $make and $compiler)"
	[ -d message-log ] || mkdir message-log || die 74 'cannot make message-log'
	# What another kind of machine has made, or what a loss of power has emptied, is not out
	# of date for make.
	{ programs_make '' && programs_run; } || programs_make -B ||
		die 78 'cannot build the programs; message-log/build says why'
	programs_run || die 78 'cannot run the programs that were built here'
	sync
}

programs_make() { # OPTION
	(umask 022 && "$make" ${1:+"$1"} "CC=$compiler") >message-log/build 2>&1 </dev/null
}

# Ends with what is missing, and the command that installs it.
missing() { # WHAT
	install='install them'
	for tool in apt-get dnf yum zypper apk pacman pkg_add pkg; do
		command -v "$tool" >/dev/null || continue
		case $tool in
		apt-get) install='apt-get install make gcc libc6-dev' ;;
		zypper) install='zypper install make gcc glibc-devel' ;;
		dnf | yum) install="$tool install make gcc glibc-devel" ;;
		apk) install='apk add make gcc musl-dev' ;;
		pacman) install='pacman -S make gcc' ;;
		pkg_add) install='pkg_add gmake' ;;
		pkg) install='pkg install gmake' ;;
		esac
		break
	done
	die 78 "cannot build the programs: $1; as root: $install"
}
