# table.awk - the targets, and what the lines of results (NAME word=value...) say of
# them.  A value is the median of its lines, one a turn; a ratio is the median of the
# turns' own, for what a machine can do changes from one turn to the next.

$1 ~ /^no\./ {
	why = $0
	sub(/^[^ ]* /, "", why)
	missing[$1] = why
	next
}
{
	for (i = 2; i <= NF; i++) {
		split($i, part, "=")
		key = $1 " " part[1]
		value[key, ++count[key]] = part[2] + 0
		if (part[1] == "per_s" && part[2] > 0)
			value[$1 " us_each", ++count[$1 " us_each"]] = 1e6 / part[2]
	}
}

function sorted(key, into,    i, j, v) {
	for (i = 1; i <= count[key]; i++) {
		v = value[key, i]
		for (j = i; j > 1 && into[j - 1] > v; j--)
			into[j] = into[j - 1]
		into[j] = v
	}
}

function median(key,    v) {
	sorted(key, v)
	return v[int((count[key] + 1) / 2)]
}

# quotient: of what was measured in the same turns.
function quotient(mine, theirs,    i) {
	if (count[mine] != count[theirs])
		return median(mine) / median(theirs)
	count["quotient"] = count[mine]
	for (i = 1; i <= count[mine]; i++)
		value["quotient", i] = value[mine, i] / value[theirs, i]
	return median("quotient")
}

function worst(key,    v) {
	sorted(key, v)
	return v[count[key]]
}

function known(key) {
	return count[key] > 0 && !(key ~ /million|long/ && unfilled)
}

# Why a row has no numbers.
function why_not(key) {
	if (key ~ /million|long/ && unfilled)
		return unfilled " of the writes failed that make the keys"
	if (key ~ /^etcd/ && "no.etcd" in missing)
		return missing["no.etcd"]
	if (key ~ /cut/ && "no.cut" in missing)
		return missing["no.cut"]
	return "it failed"
}

function number(n) {
	return n >= 1000 ? sprintf("%d,%03d", int(n / 1000), int(n % 1000)) : n >= 100 ? sprintf("%.0f", n) : sprintf("%.2f", n)
}

# One line: what, the target (a bound in the measured unit), what was measured, the
# quotient of measured and what it is compared with.
function row(what, target, measured, ratio, met) {
	printf "%-50s %-34s %-31s %-7s %s\n", what, target, measured, ratio, met
	rows++
	if (met == "met")
		mets++
}

function absent(what, key, mine) {
	printf "%-50s not measured: %s%s\n", what, why_not(key), mine
}

# below: measured is to be under factor times theirs, both in unit.
function below(what, mine, unit, factor, theirs, said,    r) {
	if (!known(mine))
		return absent(what, mine)
	if (!known(theirs))
		return absent(what, theirs, sprintf(" (lite-raft: %s)", number(median(mine) / unit)))
	r = quotient(mine, theirs)
	row(what, sprintf("< %s x %s%s", factor, number(median(theirs) / unit), said), number(median(mine) / unit),
		sprintf("%.2f", r), r < factor ? "met" : "NOT met")
}

# both: a key for the sum of two, turn by turn.
function both(one, other,    i, key) {
	key = one " and " other
	count[key] = count[one] == count[other] ? count[one] : 0
	for (i = 1; i <= count[key]; i++)
		value[key, i] = value[one, i] + value[other, i]
	return key
}

# each: a key for one divided by the other, turn by turn.
function each(one, other,    i, key) {
	key = one " by " other
	count[key] = count[one] == count[other] ? count[one] : 0
	for (i = 1; i <= count[key]; i++)
		value[key, i] = value[one, i] / value[other, i]
	return key
}

# rate: megabytes a second, of bytes and s.
function rate(name,    i) {
	count[name " rate"] = count[name " s"]
	for (i = 1; i <= count[name " s"]; i++)
		value[name " rate", i] = value[name " bytes", i] / 1e6 / value[name " s", i]
	return name " rate"
}

# above: measured is to be at least factor times theirs.
function above(what, mine, factor, theirs, said,    r) {
	if (!known(mine))
		return absent(what, mine)
	if (!known(theirs))
		return absent(what, theirs, sprintf(" (lite-raft: %s)", number(median(mine))))
	r = quotient(mine, theirs)
	row(what, sprintf("%s x %s (%s)", factor, number(median(theirs)), said == "" ? "etcd" : said), number(median(mine)),
		sprintf("%.2f", r), r >= factor ? "met" : "NOT met")
}

# under: measured is to be under a bound.
function under(what, mine, bound, unit, said) {
	if (!known(mine))
		return absent(what, mine)
	row(what, "< " bound " " unit, number(mine_value) " " unit said, sprintf("%.2f", mine_value / bound),
		mine_value < bound + 0 ? "met" : "NOT met")
}

END {
	floor = both("echo p50_us", "sync p50_us")
	unfilled = worst("lite.fill bad")
	row("WHAT", "TARGET", "MEASURED", "RATIO", "")
	rows = mets = 0
	below("one client, one write after another, p50, ms", "lite.write.1 p50_us", 1e3, 2, floor,
		sprintf(" (%.2f echo + %.2f sync)", median("echo p50_us") / 1e3, median("sync p50_us") / 1e3))
	below("", "lite.write.1 p50_us", 1e3, 0.5, "etcd.write.1 p50_us", " (etcd)")
	above("100 connections, writes/s", "lite.write.100 per_s", 10, "etcd.write.100 per_s")
	above("1,000 connections, writes/s", "lite.write.1000 per_s", 10, "etcd.write.1000 per_s")
	above("one pipelined client, 1,000 outstanding, writes/s", "lite.batch per_s", 30, "etcd.write.1000 per_s")
	below("linearizable read, one client, p50, ms", "lite.read.1 p50_us", 1e3, 1.5, "echo p50_us", " (echo)")
	above("linearizable reads, 100 connections, reads/s", "lite.read.100 per_s", 20, "etcd.read.100 per_s")
	below("lite-raft-client set, as a command, p50, ms", "lite.set p50_us", 1e3, 0.5, "etcd.set p50_us", " (etcdctl put)")

	mine_value = median("lite.failover gap_ms") / 1e3
	under("leader killed -> next write accepted", "lite.failover gap_ms", 0.3, "s",
		sprintf(", worst %.2f (exec %.0f ms)", worst("lite.failover gap_ms") / 1e3, median("exec p50_us") / 1e3))
	mine_value = median("lite.million.failover gap_ms") / 1e3
	under("  with a million keys", "lite.million.failover gap_ms", 0.3, "s",
		sprintf(", worst %.2f", worst("lite.million.failover gap_ms") / 1e3))
	mine_value = worst("lite.cut gap_ms") / 1e3
	under("leader's host cut off (1 s timeout), worst", "lite.cut gap_ms", 1.8, "s", "")
	mine_value = worst("lite.idle.memory node") / 1024
	under("an idle node's memory (PSS), without ssh", "lite.idle.memory node", 4, "MB", "")
	mine_value = median("lite.million.memory node_anon") / 1024
	under("leader's memory, a million keys of 12 + 100 bytes", "lite.million.memory node_anon",
		sprintf("%.0f", 2 * 112e6 / 1048576), "MB", "")
	mine_value = worst("lite.idle.cpu node") + worst("lite.idle.cpu ssh")
	under("an idle node, ssh and sshd included", "lite.idle.cpu node", 1, "% of a core", "")
	calm = each("lite.write.1 p50_us", floor)
	below("a write among a million keys, by (echo + sync)",
		each("lite.million.write.1 p50_us", both("lite.million.echo p50_us", "lite.million.sync p50_us")), 1, 1.25, calm, " (before)")
	below("  pipelined, us a write", "lite.million.batch us_each", 1, 1.25, "lite.batch us_each", " (before)")
	below("  p99 while all nodes take a snapshot, ms", "lite.taking p99_us", 1e3, 2, "lite.calm p99_us", " (without)")
	above("a follower catches up by a snapshot, MB/s", rate("lite.catch"), 0.5, rate("lite.cat"), "cat | ssh")
	if (known("lite.long.write.1 p50_us"))
		below("  with ten million entries, by (echo + sync)",
			each("lite.long.write.1 p50_us", both("lite.long.echo p50_us", "lite.long.sync p50_us")), 1, 1.25, calm, " (before)")
	printf "\n%d of %d targets met.\n\nBeside it:\n", mets, rows
	printf "  a command through an open ssh connection %.0f ms; ssh and sshd of an idle node %.1f MB\n",
		median("exec p50_us") / 1e3, median("lite.idle.memory ssh") / 1024
	printf "  a sync while two others sync on the same disk, as the nodes do here: %.2f ms\n", median("sync.three p50_us") / 1e3
	printf "  the log's last entry: %d\n", median("lite.log last")
	printf "  a snapshot of a million keys: %.0f MB, %.1f s while three are taken; a restart with them: %.1f s\n",
		median("lite.snapshot bytes") / 1e6, median("lite.take s"), median("lite.restart s")
	if (!("no.etcd" in missing))
		printf "  etcd: %.2f ms a write, %.2f ms a read, %s reads/s, leader killed %.2f s, idle %.0f MB a node\n",
			median("etcd.write.1 p50_us") / 1e3, median("etcd.read.1 p50_us") / 1e3,
			number(median("etcd.read.100 per_s")), median("etcd.failover gap_ms") / 1e3,
			median("etcd.idle.memory node") / 1024
}
