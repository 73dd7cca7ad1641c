# status.awk - what the store says of packages, as a table, as JSON, or a line each.
# Reads lines "KEY QUOTED-WORD"; how: table, json or line; locals: "NAME=MS ...", what is
# left of the leases held on this host; silent: " NAME ..." that were not renewed
# while somebody looked; now: wall seconds.  Exits with pkg's status.

function unquote(s,   out, i, c) {
	if (s !~ /^"/)
		return s
	s = substr(s, 2, length(s) - 2)
	out = ""
	while ((i = index(s, "\\")) > 0) {
		c = substr(s, i + 1, 1)
		out = out substr(s, 1, i - 1) (c == "n" ? "\n" : c == "t" ? "\t" : c == "x" ? "?" : c)
		s = substr(s, i + (c == "x" ? 4 : 2))
	}
	return out s
}

# The value of NAME= in a line of words, or what holds without.
function word(text, name, without,   n, part, i) {
	n = split(text, part, " ")
	for (i = 1; i <= n; i++)
		if (index(part[i], name "=") == 1)
			return substr(part[i], length(name) + 2)
	return without
}

function hex(c) {
	return index("0123456789ABCDEF", toupper(c)) - 1
}

# Without the % that quotes.
function plain(s,   out, i) {
	out = ""
	while ((i = index(s, "%")) > 0) {
		out = out substr(s, 1, i - 1) sprintf("%c", hex(substr(s, i + 1, 1)) * 16 + hex(substr(s, i + 2, 1)))
		s = substr(s, i + 3)
	}
	return out s
}

function setting(name, what, without,   n, line, i) {
	n = split(conf[name], line, "\n")
	for (i = 1; i <= n; i++)
		if (index(line[i], what " ") == 1)
			return substr(line[i], length(what) + 2)
	return without
}

function json(s) {
	gsub(/\\/, "\\\\", s)
	gsub(/"/, "\\\"", s)
	gsub(/[[:cntrl:]]/, "?", s)
	return "\"" s "\""
}

function ago(seconds) {
	if (seconds < 0)
		return "-"
	if (seconds < 120)
		return sprintf("%ds", seconds)
	if (seconds < 7200)
		return sprintf("%dm", seconds / 60)
	if (seconds < 172800)
		return sprintf("%dh%02dm", seconds / 3600, seconds % 3600 / 60)
	return sprintf("%dd%02dh", seconds / 86400, seconds % 86400 / 3600)
}

# How bad a status is: unknown, failed, degraded, down, up.
function rank(status) {
	return index("03214", status)
}

function package_status(state) {
	if (state == "running" || state == "maint")
		return 0
	if (state == "degraded")
		return 2
	if (state == "failed" || state == "stuck")
		return 1
	return state == "silent" ? 4 : 3
}

# One package: fills cell[] with the columns.
function look(name,   l, w, owner, note, held) {
	l = lease[name]
	w = want[name]
	state = word(l, "state", "none")
	owner = word(l, "owner", "-")
	held = state ~ /^(starting|running|degraded|stopping)$/
	if (held && index(silent, " " name " "))
		state = "silent"
	cell[1] = name
	cell[2] = state
	cell[3] = owner
	cell[4] = l == "" ? "-" : ago(now - word(l, "since", now))
	cell[5] = !held || state == "silent" ? "-" : sprintf("%.1fs", (name in left ? left[name] : word(l, "limit", 0)) / 1000)
	cell[6] = word(w, "auto", "on")
	cell[7] = word(w, "maint", "off") == "on" ? "on" : "-"
	cell[8] = "lease" (setting(name, "watchdog", "") != "" && l !~ / note=no%20watchdog/ ? "+wd" : "") (setting(name, "on_stop_fail", "") == "fence" ? "+fence" : "")
	cell[9] = word(node[name, owner], "fails", "-")
	note = plain(word(l, "note", ""))
	if (state == "silent")
		note = owner " has not renewed its lease" (note == "" ? "" : "; " note)
	else if (word(w, "up", "yes") == "no" && state != "halted")
		note = "is to be down" (note == "" ? "" : "; " note)
	else if (note == "" && (state == "released" || state == "none"))
		note = "nobody runs it"
	cell[10] = note
}

BEGIN {
	n = split(locals, pair, " ")
	for (i = 1; i <= n; i++)
		left[substr(pair[i], 1, index(pair[i], "=") - 1)] = substr(pair[i], index(pair[i], "=") + 1)
	columns = split("PACKAGE STATE OWNER SINCE LEASE AUTO MAINT GUARD FAILS", head, " ")
}

{
	key = $1
	value = unquote(substr($0, length(key) + 2))
	n = split(key, part, "/")
	if (key == "raft")
		raft = value
	else if (part[3] == "conf") {
		names[++packages] = part[2]
		conf[part[2]] = value
	} else if (part[3] == "lease")
		lease[part[2]] = value
	else if (part[3] == "want")
		want[part[2]] = value
	else if (part[3] == "node") {
		node[part[2], part[4]] = value
		nodes[part[2]] = nodes[part[2]] " " part[4]
	}
}

END {
	worst = 0
	if (how == "json")
		printf "{\"packages\":["
	for (i = 1; i <= packages; i++) {
		look(names[i])
		status = package_status(cell[2])
		if (rank(status) > rank(worst))
			worst = status
		if (how == "json") {
			printf "%s{", (i > 1 ? "," : "")
			for (c = 1; c <= columns; c++)
				printf "%s:%s,", json(tolower(head[c])), (cell[c] == "-" ? "null" : json(cell[c]))
			printf "\"since_seconds\":%d,", word(lease[names[i]], "since", 0)
			printf "\"epoch\":%d,", word(lease[names[i]], "epoch", 0)
			printf "\"status\":%d,\"note\":%s,\"nodes\":[", status, json(cell[10])
			n = split(nodes[names[i]], part, " ")
			for (k = 1; k <= n; k++) {
				l = node[names[i], part[k]]
				printf "%s{\"node\":%s,", (k > 1 ? "," : ""), json(part[k])
				printf "\"state\":%s,", json(word(l, "state", "-"))
				printf "\"fails\":%s}", json(word(l, "fails", "-"))
			}
			printf "]}"
		} else if (how == "line") {
			printf "%s %s", cell[1], cell[2]
			for (c = 3; c <= columns; c++)
				printf " %s=%s", tolower(head[c]), cell[c]
			printf " note=%s\n", cell[10]
		} else
			for (c = 1; c <= columns + 1; c++) {
				table[i, c] = cell[c]
				if (length(cell[c]) > width[c])
					width[c] = length(cell[c])
			}
	}
	if (how == "json")
		printf "],\"raft\":%s}\n", json(raft)
	else if (how == "table") {
		for (c = 1; c <= columns; c++) {
			table[0, c] = head[c]
			if (length(head[c]) > width[c])
				width[c] = length(head[c])
		}
		for (i = 0; i <= packages; i++) {
			line = ""
			for (c = 1; c <= columns; c++)
				line = line sprintf("%-" width[c] "s ", table[i, c])
			if (table[i, columns + 1] != "")
				line = line " ! " table[i, columns + 1]
			sub(/ *$/, "", line)
			print line
		}
		print "raft: " raft
	}
	exit worst
}
