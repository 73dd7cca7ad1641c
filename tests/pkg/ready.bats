# The control scripts that are ready: each does with the real thing what it says, on
# a port, a directory or an address of the test's own.

bats_require_minimum_version 1.5.0

ROOT=${BATS_TEST_DIRNAME%/tests/*}
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

setup() {
	PKG=$BATS_TEST_TMPDIR/pkg
	mkdir "$PKG" "$PKG/control-scripts"
	cp -Rp "$ROOT/pkg/libexec" "$PKG"
	cp -Rp "$ROOT/control-scripts" "$PKG"
	cd "$PKG" || return
	unset PKG_LIB PKG_NAME PKG_RUN PKG_NODE
}

teardown() {
	local script
	for script in control-scripts/*; do
		call "${script##*/}" stop >/dev/null 2>&1 || :
	done
}

# call NAME VERB: runs a control script.
call() {
	timeout 100 "control-scripts/$1" "$2" 3>&- 4>&-
}

# set_in NAME SETTING VALUE...: edits it.
set_in() {
	local name=$1
	shift
	while [ $# -gt 0 ]; do
		grep -q "^$1=" "control-scripts/$name"
		sed -i "s|^$1=.*|$1='$2'|" "control-scripts/$name"
		shift 2
	done
}

# lacks WHAT: skips the test.
lacks() {
	skip "there is no $1 here; libexec/sandbox/setup ready brings it"
}

# up_and_down NAME: what each must do.
up_and_down() {
	run -1 call "$1" status
	call "$1" start
	call "$1" start
	run -0 call "$1" status
	[ -z "$output" ]
	call "$1" stop
	call "$1" stop
	run -1 call "$1" status
}

@test "each says what it needs, and has settings" {
	for script in control-scripts/*; do
		run call "${script##*/}" check
		printf '%s: %s %s\n' "$script" "$status" "$output"
		[ "$status" -eq 0 ] || [ "$status" -eq 78 ]
		run -0 "$script" echo restarts
		[ "$output" = 2/10m ]
	done
}

@test "nginx: served, found out when it does not, ended" {
	command -v nginx >/dev/null || lacks nginx
	command -v curl >/dev/null || lacks curl
	port=$((20000 + $$ % 10000))
	mkdir logs
	cat >nginx.conf <<-END
		pid $PWD/nginx.pid; error_log $PWD/logs/error;
		events {}
		http {
			access_log off; client_body_temp_path $PWD/logs; proxy_temp_path $PWD/logs;
			fastcgi_temp_path $PWD/logs; uwsgi_temp_path $PWD/logs; scgi_temp_path $PWD/logs;
			server { listen 127.0.0.1:$port; return 200 "here it is"; }
		}
	END
	set_in nginx conf "$PWD/nginx.conf" url "http://127.0.0.1:$port/"
	up_and_down nginx
	call nginx start
	[ "$(curl -s "http://127.0.0.1:$port/")" = 'here it is' ]
	# It lives, and does not answer.
	read -r pid rest <run/nginx/prog.nginx
	kill -STOP -- "-$pid"
	sed -i 's/--max-time 5/--max-time 1/' control-scripts/nginx
	run -4 call nginx status
	[ "$output" = 'prog:nginx check failed' ]
	call nginx stop
	run -1 call nginx status
}

@test "postgresql: started, written to, killed, recovered" {
	local bin
	bin=$(find /usr/lib/postgresql /usr/bin -path '*bin/initdb' 2>/dev/null | head -n 1)
	[ -n "$bin" ] || lacks postgresql
	bin=${bin%/initdb}
	user=$(id -un) as=()
	if [ "$user" = root ]; then
		id postgres >/dev/null 2>&1 && command -v setpriv >/dev/null || lacks 'user postgres'
		user=postgres as=(setpriv --reuid=postgres --regid=postgres --init-groups)
	fi
	# Where that user may go.
	data=$(mktemp -d /tmp/pg.XXXXXX)
	chown "$user" "$data"
	(cd / && "${as[@]}" "$bin/initdb" -D "$data/db" -A trust --no-sync) >/dev/null
	printf "unix_socket_directories = ''\nfsync = off\n" >>"$data/db/postgresql.conf"
	port=$((20000 + $$ % 10000))
	set_in postgresql bin "$bin" data "$data/db" user "$user" port "$port"
	up_and_down postgresql
	call postgresql start
	(cd / && "${as[@]}" "$bin/psql" -q -h 127.0.0.1 -p "$port" -d postgres -c 'create table t as select 42 as a')
	read -r pid rest <run/postgresql/prog.postgresql
	kill -KILL -- "-$pid"
	# Its children leave the group, see that it is gone, and go.
	while find /proc/[0-9]*/cwd -maxdepth 0 -lname "$data/db" 2>/dev/null | grep .; do
		sleep 0.05
	done
	# Another process has the number by now.
	sed -i "1s/.*/$$/" "$data/db/postmaster.pid"
	call postgresql stop
	call postgresql start
	[ "$(cd / && "${as[@]}" "$bin/psql" -At -h 127.0.0.1 -p "$port" -d postgres -c 'select a from t')" = 42 ]
	call postgresql stop
	rm -rf "$data"
}

@test "nfs: exported, and no longer" {
	command -v exportfs >/dev/null || lacks exportfs
	[ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null || skip 'needs root, and a mount namespace'
	mkdir export
	set_in nfs directory "$PWD/export"
	run timeout 60 unshare -m "$BASH" -e -c '
		mount -t tmpfs none /var/lib/nfs
		: >/var/lib/nfs/etab
		exportfs -o ro,fsid=77 "10.0.0.1:$PWD/export" 2>/dev/null && exportfs -s | grep -q export || exit 77
		exportfs -u "10.0.0.1:$PWD/export"
		call() { control-scripts/nfs "$@"; }
		call status && exit 1 || [ $? -eq 1 ]
		call start; call start; call status
		exportfs -s | grep -q "^$PWD/export.*10.0.0.0/24"
		exportfs -u "10.0.0.0/24:$PWD/export"
		call status && exit 1 || [ $? -eq 4 ]
		call stop; call start; call stop
		exportfs -s | grep export && exit 1
		call status && exit 1 || [ $? -eq 1 ]' 3>&- 4>&-
	[ "$status" -ne 77 ] || skip 'exportfs does nothing here'
	printf '%s\n' "$output"
	[ "$status" -eq 0 ]
}

@test "address: comes and goes" {
	[ "$(id -u)" -eq 0 ] && unshare -n true 2>/dev/null && command -v ip >/dev/null || skip 'needs root, ip and a network namespace'
	timeout 60 unshare -n "$BASH" -e -c '
		ip link add eth0 type veth peer name v1
		ip link set eth0 up
		ip link set v1 up
		until ip -o link show eth0 | grep -q LOWER_UP; do sleep 0.05; done
		call() { control-scripts/address "$@"; }
		call status && exit 1 || [ $? -eq 1 ]
		call start; call start; call status
		ip -o addr show dev eth0 | grep -q 10.0.0.50/24
		call stop; call stop
		call status && exit 1 || [ $? -eq 1 ]' 3>&- 4>&-
}
