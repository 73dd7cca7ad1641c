# check.awk - judges what the nodes told (libexec/lib/report.sh), a line for each
# node and each way between two; ends with 1 if something is to be mended.
#
# Set on the command line: here, this node's name; timeout, seconds; ssh, the
# command that a person tries; json, not empty for JSON.

# What there is behind the first n words of the line.
function behind(n, i, s) {
	s = $0
	for (i = 0; i < n; i++)
		sub(/^[^ ]* ?/, "", s)
	return s
}

$1 == "asks" {
	node[++nodes] = $2
	asked[$2] = behind(2)
}

$1 == "at" && $3 == "way" {
	way[$2, $4] = behind(4)
}

# A login that was tried again, alone.
$1 == "at" && $3 == "login" {
	if ($5 > 0 && (!($4 in again) || $5 < again[$4]))
		again[$4] = $5
}

$1 == "at" && $3 == "differs" {
	differs[$2, ++differ[$2]] = behind(3)
}

$1 == "at" && $3 == "nodes" {
	fact[$2, $3] = fact[$2, $3] (fact[$2, $3] == "" ? "" : " ") $4
	next
}

$1 == "at" && $3 != "way" {
	fact[$2, $3] = behind(3)
}

# A JSON string.
function quoted(s) {
	gsub(/[^ -~]/, "?", s)
	gsub(/\\/, "&&", s)
	gsub(/"/, "\\\"", s)
	return "\"" s "\""
}

# One line of the report.
function tell(ok, what, from, to, why, fix) {
	told++
	bad += !ok
	if (json != "") {
		printf "%s\n{\"ok\":%s,\"what\":%s,\"node\":%s,\"to\":%s,\"text\":%s,\"fix\":%s}",
			told == 1 ? "" : ",", ok ? "true" : "false", quoted(what), quoted(from),
			to == "" ? "null" : quoted(to), quoted(why), fix == "" ? "null" : quoted(fix)
		return
	}
	printf "%-5s %s%s: %s%s\n", ok ? "ok" : "mend", from, to == "" ? "" : " to " to, why, fix == "" ? "" : "; " fix
}

# What is wrong with a node or, with $to, a way; where it is to be mended.
function mend(what, from, to, why, fix) {
	wrong++
	tell(0, what, from, to, why, fix)
}

# Microseconds, for a person.
function took(us) {
	us += 0
	return us < 10000 ? sprintf("%.2f ms", us / 1000) : us < 1000000 ? sprintf("%d ms", us / 1000) : sprintf("%.1f s", us / 1000000)
}

# The least election_timeout that is ten times as long, of one digit.
function longer(us, s, unit) {
	s = us / 100000
	for (unit = 0.01; unit * 9 < s; unit *= 10)
		;
	return sprintf("%.10g", unit * (int(s / unit) + 1))
}

# How to have a longer election_timeout.
function patience(us) {
	return "on each node: echo " longer(us) " >conf/election_timeout"
}

# Another directory than was asked may answer where a key has a forced command.
function elsewhere(n) {
	return n != here && asked[n] != fact[n, "directory"] && asked[n] != fact[n, "really"]
}

function judge_tree(n) {
	if (fact[n, "version"] != fact[here, "version"])
		mend("version", n, "", "its programs are others (" fact[n, "version"] ") than here (" fact[here, "version"] ")",
			"copy bin/ and libexec/ there, and build them: make")
	if (elsewhere(n))
		mend("directory", n, "", "the gate that answers is in " fact[n, "directory"] ", not in " asked[n],
			"see the forced command of this host's key there, and conf/directories here")
	if ((n, "programs") in fact)
		mend("programs", n, "", "its programs are not built, so nothing was measured there",
			"in " fact[n, "directory"] " there: make")
}

function judge_conf(n, i) {
	if ((n, "noconf") in fact) {
		mend("conf", n, "", fact[n, "noconf"], "")
		return
	}
	if (fact[n, "nodes"] != fact[here, "nodes"])
		mend("list", n, "", "its conf/cluster_nodes says " fact[n, "nodes"] " and the one here says " fact[here, "nodes"],
			"let both say the same")
	if (fact[n, "timeout"] != fact[here, "timeout"])
		mend("list", n, "", "its conf/election_timeout says " fact[n, "timeout"] " and the one here says " fact[here, "timeout"],
			"let both say the same")
	if ((n, "noname") in fact)
		mend("name", n, "", fact[n, "noname"], "")
	else if ((n, "name") in fact && fact[n, "name"] != n && !elsewhere(n))
		mend("name", n, "", "the node that answers there is called " fact[n, "name"],
			"let " n " lead to the right host, or write " n " into conf/node_name there before its first boot")
	if ((n, "cluster") in fact && (here, "cluster") in fact && fact[n, "cluster"] != fact[here, "cluster"])
		mend("cluster", n, "", "it belongs to the cluster " fact[n, "cluster"] ", and this node to " fact[here, "cluster"],
			"take it out of conf/cluster_nodes here")
	for (i = 1; i <= differ[n]; i++)
		mend("list", n, "", differs[n, i], "let conf/cluster_nodes there name the members")
}

function judge_host(n) {
	if (fact[n, "clock"] == "stands")
		mend("clock", n, "", "its monotonic clock stands still, so that nothing is ever noticed to be late",
			"is that machine or container frozen, or its time made up (LD_PRELOAD)?")
	if ((n, "nodisk") in fact)
		mend("disk", n, "", "cannot sync its disk: " fact[n, "nodisk"], "see to " fact[n, "directory"] " there")
	else if ((n, "disk") in fact && fact[n, "disk"] * 10 > timeout * 1000000)
		mend("disk", n, "", "a sync of its disk takes " took(fact[n, "disk"]) ", longer than a tenth of the election timeout",
			"a faster disk, or " patience(fact[n, "disk"]))
}

# A login shell's ways show from wherever it is used: they are said once.
function judge_shell(n, i, f, w, ways, least, noise) {
	for (i = 0; i <= nodes; i++) {
		f = i == 0 ? here : node[i]
		if (i > 0 && f == here || !((f, n) in way))
			continue
		split(way[f, n], w, " ")
		if (w[1] != "up")
			continue
		ways++
		if (ways == 1 || w[2] < least)
			least = w[2]
		if (w[3] > noise)
			noise = w[3]
	}
	if (noise > 0)
		mend("talkative", n, "", "a login shell there prints " noise " bytes before it does what it is told",
			"its start-up files should print only to a terminal: [ -t 1 ] && ...")
	if (n in again && again[n] < least)
		least = again[n]
	slow[n] = least > 1000000 && least * 2 > timeout * 1000000
	if (slow[n])
		mend("slow", n, "", "a login there takes " took(least) ", longer than half an election timeout",
			"see what its sshd (UseDNS) and its login shell's start-up files wait for, or " patience(least / 5))
}

function judge_node(n) {
	wrong = 0
	if ((n, "version") in fact) {
		judge_tree(n)
		judge_conf(n)
		judge_host(n)
	}
	judge_shell(n)
	if (wrong == 0 && (n, "version") in fact)
		tell(1, "node", n, "", sprintf("lite-raft %s in %s, a sync takes %s", substr(fact[n, "version"], 1,
			index(fact[n, "version"], " ") - 1), fact[n, "directory"], took(fact[n, "disk"])), "")
}

# What bars the way from f to n, by reach's word for it.
function barred(f, n, kind, text, try, on) {
	on = f == here ? "" : "on " f ": "
	try = on ssh " " n " true"
	if (kind == "unresolved")
		mend(kind, f, n, "the name resolves to nothing",
			on "write it into /etc/hosts or the DNS, or its HostName into conf/ssh_config")
	else if (kind == "unknown")
		mend(kind, f, n, "its host key is not known", on "./lite-raft keys --hosts")
	else if (kind == "changed")
		mend(kind, f, n, "its host key is another than the one in " text,
			on "if that host was made anew, take the old one out there, and then: ./lite-raft keys --hosts")
	else if (kind == "revoked")
		mend(kind, f, n, "its host key is marked as revoked",
			"make that host a new one (ssh-keygen -A there), and then: " on "./lite-raft keys --hosts")
	else if (kind == "open")
		mend(kind, f, n, "ssh does not use a private key that others may read", on "chmod 600 \047" text "\047")
	else if (kind == "denied")
		mend(kind, f, n, "permission denied", "on " n ": ./lite-raft keys --install, with the conf/ of " f)
	else if (kind == "refused")
		mend(kind, f, n, "nobody listens at its ssh port", "start its sshd, or write its Port into conf/ssh_config")
	else if (kind == "silent")
		mend(kind, f, n, "that host does not answer", "is it up, is a packet filter between? " try)
	else if (kind == "busy")
		mend(kind, f, n, "its sshd hangs up before a login", "it has too many at once (MaxStartups) or turns this host away; " try)
	else if (kind == "late")
		mend(kind, f, n, "nothing comes from its login shell within 15 s", "does that end at all? " try)
	else if (kind == "nowhere")
		mend(kind, f, n, "there is no lite-raft" (f == here ? " in " asked[n] : " where it is looked for"),
			"copy this directory there, or write " on "into conf/directories: " n " DIRECTORY")
	else if (kind == "gate")
		mend(kind, f, n, "its gate refuses to be checked",
			"another version is there, or this host's key is a client's: ./lite-raft keys shows the line for peers")
	else if (kind == "broken")
		mend(kind, f, n, "its report broke off" (text == "" ? "" : ": " text), "try again; " try)
	else
		mend("other", f, n, text == "" ? "no answer came, nor why" : text, try)
}

function judge_way(f, n, w, kind) {
	if (!((f, n) in way))
		return
	wrong = 0
	split(way[f, n], w, " ")
	kind = w[1]
	if (kind != "up") {
		barred(f, n, kind, substr(way[f, n], length(kind) + 2))
		return
	}
	if (w[5] != "-" && w[5] != n && fact[n, "name"] == n)
		mend("name", f, n, "the node that answers is called " w[5], "let " n " lead to the same host everywhere")
	if (w[2] > 3000000 && w[2] > timeout * 1000000 && !slow[n])
		mend("slow", f, n, "a login takes " took(w[2]) ", longer than an election timeout", "see what delays it: " ssh " -v " n " true")
	if (w[4] != "-" && w[4] * 10 > timeout * 1000000)
		mend("timeout", f, n, "a round trip takes " took(w[4]) ", longer than a tenth of the election timeout", patience(w[4]))
	if (wrong == 0)
		tell(1, "way", f, n, "a login takes " took(w[2]) (w[4] == "-" ? "" : ", a round trip " took(w[4])), "")
}

END {
	if (json != "")
		printf "{\"checks\":["
	if (!(here in asked))
		judge_node(here)
	for (i = 1; i <= nodes; i++)
		judge_node(node[i])
	for (i = 0; i <= nodes; i++)
		for (j = 1; j <= nodes; j++)
			if (i == 0 || node[i] != here)
				judge_way(i == 0 ? here : node[i], node[j])
	if (json != "")
		printf "\n],\"ok\":%s}\n", bad ? "false" : "true"
	else if (bad == 0)
		print "all is well"
	else
		print bad == 1 ? "1 thing is to be mended" : bad " things are to be mended"
	exit bad > 0
}
