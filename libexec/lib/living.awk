# living.awk - can those that answer elect a leader?
#
# Reads what each of them says: "lr1 hello! CLUSTER NAME ID ...", and behind it the
# lines of state/members, as it has them; of the first one's cluster.  Prints "ask NAME..." if there are members that are
# not among asked; else the voters that answer, if they are a majority of what one of
# them has for the members, and while those change of both the old and the new ones.
# Who has lost its state, and has another id, is no voter any more, and a learner never
# was one.

BEGIN {
	for (i = split(asked, name); i > 0; i--)
		seen[name[i]] = 1
}

$1 == "lr1" && $2 == "hello!" {
	if (NR == 1)
		cluster = $3
	who = $3 == cluster ? $4 : ""
	if (who != "")
		id[who] = $5
	next
}

who != "" && /^(member|joining|leaving|entering|learner) / && NF == 3 {
	lines[who] = lines[who] $0 "\n"
	if (!seen[$2]++)
		ask = ask " " $2
}

# The voters of WHO's members that answer; "" if they can't elect one.
function living(who, row, word, i, n, old, new, up) {
	n = split(lines[who], row, "\n")
	for (i = 1; i < n; i++) {
		split(row[i], word, " ")
		if (word[1] == "learner" || word[1] == "entering")
			continue
		here = id[word[2]] == word[3]
		if (here)
			up = up " " word[2]
		if (word[1] != "joining")
			old += here ? 1 : -1
		if (word[1] != "leaving")
			new += here ? 1 : -1
	}
	return old > 0 && new > 0 ? up : ""
}

END {
	if (ask != "") {
		print "ask" ask
		exit
	}
	for (who in lines) {
		up = living(who)
		if (up != "") {
			print substr(up, 2)
			exit
		}
	}
}
