# What this machine lacks is named, and installed where that is possible: a
# machine is a PATH here, and its package manager a script that notes its words.
# bats file_tags=shells

bats_require_minimum_version 1.5.0

setup() {
	ROOT=${BATS_TEST_DIRNAME%/tests/*}
	# Open to an ordinary user, which bats' own directory is not.
	HERE=$(mktemp -d /tmp/setup.XXXXXX)
	BIN=$HERE/a\ bin
	mkdir "$BIN" "$HERE/libexec"
	cp -R "$ROOT/libexec/sandbox" "$ROOT/libexec/lib" "$HERE/libexec"
	for tool in sh bash env cat dirname id mktemp rm tail touch printf; do
		ln -s "$(type -P "$tool")" "$BIN"
	done
	# Its cc finds no headers before libc6-dev is there.
	cat >"$BIN/apt-get" <<-END
		#!/bin/sh
		printf '%s\n' "\$*" >>"$HERE/asked"
		case \$* in
		*' make'*)
			[ ! -e "$HERE/offline" ] || { printf 'E: no network\n'; exit 100; }
			printf '#!/bin/sh\nprintf "GNU Make\\\\n"\n' >"$BIN/make"
			printf '#!/bin/sh\n' >"$BIN/cc"
			"$(command -v chmod)" 755 "$BIN/make" "$BIN/cc"
			;;
		esac
	END
	chmod 755 "$BIN/apt-get" && chmod -R a+rX "$HERE"
}

teardown() {
	rm -rf "$HERE"
}

# on_it WHAT...: setup on that machine, by whoever runs the tests.
on_it() {
	env -i PATH="$BIN" "$HERE/libexec/sandbox/setup" "$@" </dev/null
}

# by_nobody WHAT...: the same by an ordinary user.
by_nobody() {
	local as=()
	[ "$(id -u)" -ne 0 ] || as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	"${as[@]}" env -i PATH="$BIN" "$HERE/libexec/sandbox/setup" "$@" </dev/null
}

@test "what is missing is named in one line, and installed as root" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	run -0 on_it build
	[ "${#lines[@]}" -eq 1 ]
	[ "$output" = "setup: this machine lacks make cc stdio.h; runs apt-get install -y --no-install-recommends make gcc libc6-dev" ]
	grep -qx 'install -y --no-install-recommends make gcc libc6-dev' "$HERE/asked"
	run -0 on_it build
	[ -z "$output" ]
}

@test "without a right to install, one line has the command" {
	run -78 by_nobody build
	[ "$output" = "setup: this machine lacks make cc stdio.h: as root, run apt-get install -y --no-install-recommends make gcc libc6-dev" ]
	[ ! -e "$HERE/asked" ]
}

@test "without a package manager, one line says what is missing" {
	rm "$BIN/apt-get"
	run -78 on_it build
	[ "$output" = "setup: this machine lacks make cc stdio.h: install what brings them" ]
}

@test "a package manager that fails is quoted, and the command is named" {
	[ "$(id -u)" -eq 0 ] || skip "needs root"
	: >"$HERE/offline"
	run -78 on_it build
	[[ $output == *"E: no network"* ]]
	[[ ${lines[-1]} == "setup: this machine still lacks make cc stdio.h: run apt-get install "* ]]
}

@test "an unknown word is a usage error" {
	run -64 on_it everything
	run -64 on_it
}
