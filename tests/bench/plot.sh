# plot.sh - two pictures, each as SVG and PNG: latency against load, and what is
# accepted around the leader's end; sourced by run.

root=${root:?} work=${work:-} bench=${bench:?} results=${results:-} socket=${socket:-} without_etcd=${without_etcd:-}

# point WHO CONNECTIONS COMMAND...: adds a line "CONNECTIONS PER_S P50_MS P99_MS".
point() {
	point_file=$work/$1.latency
	point_conns=$2
	shift 2
	measure plot "$@" -c "$point_conns" -s 1.5
	tail -n 1 "$results" | awk -v conns="$point_conns" '{
		for (i = 2; i <= NF; i++) {
			split($i, part, "=")
			v[part[1]] = part[2]
		}
		print conns, v["per_s"], v["p50_us"] / 1e3, v["p99_us"] / 1e3
	}' >>"$point_file"
}

# load_at SOCKET OPTION...: load, its socket first.
load_at() {
	at=$1
	shift
	exec "$bench/load" "$@" "$at"
}

etcd_load_at() {
	at=$1
	shift
	exec "$root/build/bench/etcd-load" "$@" "$at"
}

# draw PICTURE LINES: both files of a picture, from gnuplot's lines.
draw() {
	for draw_as in 'svg size 900,560 dynamic background "white"' 'pngcairo size 900,560'; do
		case $draw_as in
		svg*) draw_to=$root/build/bench/$1.svg ;;
		*) draw_to=$root/build/bench/$1.png ;;
		esac
		printf 'set terminal %s font "sans,11"\nset output "%s"\n%s\n' "$draw_as" "$draw_to" "$2" |
			gnuplot || die 74 "cannot draw $draw_to"
		printf '%s\n' "$draw_to"
	done
}

draw_latency() {
	draw_etcd=
	[ -n "$without_etcd" ] || draw_etcd=", \"etcd.latency\" u 2:3 w lp lc 2 lw 2 t \"etcd, p50\", \
\"\" u 2:4 w lp lc 2 dt 2 t \"etcd, p99\", \"\" u 2:3:1 w labels offset 1.5,-0.8 notitle"
	draw latency "cd '$work'
set title 'Latency against load: synced 100-byte writes, three nodes, 1 to 1,000 connections'
set xlabel 'writes a second'
set ylabel 'ms'
set logscale xy
set rmargin 5
set grid
set key top left
plot 'lite.latency' u 2:3 w lp lc 1 lw 2 t 'lite-raft, p50', '' u 2:4 w lp lc 1 dt 2 t 'lite-raft, p99', '' u 2:3:1 w labels offset 1.5,-0.8 notitle$draw_etcd"
}

draw_failover() {
	draw_etcd=
	[ -n "$without_etcd" ] || draw_etcd="
set title 'etcd'
plot 'etcd.failover' u 1:2 w impulses lc 2 notitle"
	draw failover "cd '$work'
set multiplot layout $([ -n "$without_etcd" ] && printf 1 || printf 2),1 title 'Writes accepted in each 10 ms; the leader is killed at about 1,000 ms'
set xlabel 'ms'
set ylabel 'writes'
set xrange [0:4000]
set rmargin 4
set grid
set title 'lite-raft (election timeout 3 s)'
plot 'lite.failover' u 1:2 w impulses lc 1 notitle$draw_etcd
unset multiplot"
}

plots() {
	command -v gnuplot >/dev/null || die 78 'cannot draw: install gnuplot'
	tell 'a failover'
	lite_failover plot 4 "$work/lite.failover"
	if etcd_up; then
		etcd_failover "$work/etcd.failover"
		etcd_leads=$(etcd_leader)
	else
		tell "no etcd: $without_etcd"
	fi
	lite_look
	for conns in 1 2 5 10 20 50 100 200 500 1000; do
		tell "$conns connections"
		point lite "$conns" load_at "$socket"
		[ -n "$without_etcd" ] || point etcd "$conns" etcd_load_at "$etcd_leads"
	done
	draw_latency
	draw_failover
}
