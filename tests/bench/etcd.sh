# etcd.sh - an etcd of three nodes beside the cluster, for comparison: default
# settings, loopback, its data in the same file system.  Sourced by run, which sets
# root and work; without_etcd says why there is none.

root=${root:?} work=${work:-}
export without_etcd='it was not started'
etcd_pids=

# etcd_build: the generator, of what is installed; nothing is fetched.
etcd_build() {
	for etcd_needs in etcd etcdctl go; do
		command -v "$etcd_needs" >/dev/null || {
			without_etcd="$etcd_needs is not installed"
			return 1
		}
	done
	[ -d /usr/share/gocode/src/go.etcd.io/etcd/clientv3 ] || {
		without_etcd="etcd's Go library is not installed"
		return 1
	}
	mkdir -p "$root/build/bench" || return 1
	GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS='' GOPROXY=off GOCACHE="$root/build/bench/go" \
		go build -o "$root/build/bench/etcd-load" "$root/tests/bench/etcd-load.go" 2>"$work/go" || {
		without_etcd="its generator can't be built: $(tail -n 1 "$work/go")"
		return 1
	}
}

# etcd_start I: starts node I; its pid is in $work/etcd/I.pid.
etcd_start() {
	etcd --name "e$1" --data-dir "$work/etcd/e$1" \
		--listen-client-urls "http://127.0.0.1:$((etcd_port + $1))" \
		--advertise-client-urls "http://127.0.0.1:$((etcd_port + $1))" \
		--listen-peer-urls "http://127.0.0.1:$((etcd_port + 10 + $1))" \
		--initial-advertise-peer-urls "http://127.0.0.1:$((etcd_port + 10 + $1))" \
		--initial-cluster "$etcd_cluster" --initial-cluster-state new \
		>>"$work/etcd/e$1.log" 2>&1 &
	printf '%s\n' "$!" >"$work/etcd/$1.pid"
	etcd_pids="$etcd_pids $!"
}

# etcd_ctl ARG...: etcdctl on all three.
etcd_ctl() {
	ETCDCTL_API=3 etcdctl --endpoints "$etcd_endpoints" "$@"
}

# etcd_up: 0 with a cluster that takes writes, or 1 and without_etcd.
etcd_up() {
	etcd_build || return 1
	mkdir "$work/etcd" || return 1
	etcd_port=$((10000 + $$ * 37 % 9000)) etcd_cluster='' etcd_endpoints=''
	for etcd_i in 1 2 3; do
		etcd_cluster="$etcd_cluster${etcd_cluster:+,}e$etcd_i=http://127.0.0.1:$((etcd_port + 10 + etcd_i))"
		etcd_endpoints="$etcd_endpoints${etcd_endpoints:+,}127.0.0.1:$((etcd_port + etcd_i))"
	done
	for etcd_i in 1 2 3; do
		etcd_start "$etcd_i"
	done
	wait_until 30 etcd_settled && without_etcd='' && return
	without_etcd="it did not start: $(tail -n 1 "$work/etcd/e1.log")"
	return 1
}

etcd_settled() {
	etcd_ctl put key value >/dev/null 2>&1
}

# etcd_leader: prints the endpoint of the one that leads.
etcd_leader() {
	etcd_ctl endpoint status -w simple 2>/dev/null | awk -F ', *' '$5 == "true" { print $1; exit }'
}

# etcd_failover: kills the leader, and starts it again when load has ended.
etcd_failover() {
	etcd_leads=$(etcd_leader)
	etcd_i=$((${etcd_leads##*:} - etcd_port))
	# Three endpoints are three words.
	# shellcheck disable=SC2046
	"$root/build/bench/etcd-load" -w 0 -s 4 ${1:+-t "$1"} $(printf '%s' "$etcd_endpoints" | tr , ' ') >"$work/said" 2>>"$work/errors" &
	etcd_job=$!
	busy "$etcd_job"
	sleep 1
	kill -s KILL "$(cat "$work/etcd/$etcd_i.pid")"
	wait "$etcd_job"
	busy
	result etcd.failover "$(cat "$work/said")"
	etcd_start "$etcd_i"
	wait_until 20 etcd_settled
}

etcd_down() {
	for etcd_pid in $etcd_pids; do
		kill -s KILL "$etcd_pid" 2>/dev/null
		wait "$etcd_pid" 2>/dev/null
	done
	etcd_pids=
}
