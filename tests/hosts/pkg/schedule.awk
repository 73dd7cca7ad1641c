# schedule.awk - what happens to a package, by a seed that is given with -v seed=N:
# always the same.  -v only=KIND: that kind alone.  Prints
#
#	set WORD VALUE		before the package is started
#	AT fault ID KIND WHERE	AT milliseconds after it runs; WHERE is owner or other
#	AT mend ID KIND		in order of AT

# Park and Miller's, which is exact in every awk.
function chance(n) {
	state = (state * 16807) % 2147483647
	return int(state / 2147483647 * n)
}

function one(words, n, word) {
	n = split(words, word, " ")
	return word[1 + chance(n)]
}

function put(at, line) {
	line_at[++lines] = at
	text[lines] = line
}

# A fault, from `at` on, for so long.
function fault(at, kind, where, lasts) {
	faults++
	put(at, "fault " faults " " kind " " where)
	put(at + lasts, "mend " faults " " kind)
}

# Those that end by themselves are there at once.
function length_of(kind) {
	if (kind ~ /^(kill|move|init|halt)/)
		return 100
	if (kind ~ /^(hang|fail|slow-stop)/)
		return 7000 + chance(5000)
	if (kind == "off")
		return 10000
	if (kind == "reboot")
		return 300
	return chance(3) == 0 ? 1000 + chance(2000) : 3500 + chance(6500)
}

BEGIN {
	state = (seed * 7919 + 104729) % 2147483646 + 1
	for (i = 0; i < 10; i++)
		chance(2)
	network = "cut-store cut-all cut-in cut-out"
	any = network " cut-peer slow late again leader-off leader-kill quorum stop-monitor kill-monitor" \
		" kill-guard kill-both kill-package hang-status off reboot init move halt"

	for (i = 1; i <= 5; i++)
		print "set rate " i " " one("900 900 950 1000 1050 1100 1100")
	watched = chance(2)
	sort = only != "" ? 9 : chance(10)
	if (sort == 9 && only != "") {
		watched = only ~ /^freeze/ ? watched : 0
		fault(500, only, "owner", length_of(only))
	} else if (sort == 0) {
		# Shorter than any lease may mind.
		fault(200, "hold", "owner", 9000)
		fault(500 + chance(1000), one(network " late"), "owner", 200 + chance(400))
	} else if (sort == 1) {
		kind = one("freeze-host freeze-guard undead")
		at = 500 + chance(500)
		fault(at, kind, "owner", (kind == "undead" ? 9000 : 3000) + chance(9000))
		if (kind == "undead")
			fault(at + 200, one("cut-all cut-store cut-all move halt"), "owner", 12000)
	} else if (sort == 2) {
		# It can't be stopped, and is asked to, or made to.
		kind = one("hang-stop fail-stop slow-stop")
		fault(300, kind, "owner", length_of(kind))
		kind = one("move cut-store cut-all kill-monitor kill-guard hang-status halt")
		fault(600 + chance(1000), kind, "owner", length_of(kind))
	} else if (sort == 3) {
		# The next one is no good.
		kind = one("hang-start fail-start slow late cut-in")
		fault(200, kind, "other", length_of(kind))
		kind = one("off move cut-all kill-both")
		fault(600 + chance(1000), kind, "owner", length_of(kind))
	} else if (sort == 4) {
		fault(300, "off", "owner", 10000)
	} else {
		n = 1 + chance(3)
		at = 300
		for (i = 0; i < n; i++) {
			kind = one(any)
			fault(at, kind, chance(5) == 0 ? "other" : "owner", length_of(kind))
			at += chance(3000)
		}
	}
	print "set watchdog " (watched ? "yes" : "no")
	print "set rate 6 " one("900 1000 1100")

	for (i = 2; i <= lines; i++)
		for (j = i; j > 1 && line_at[j] < line_at[j - 1]; j--) {
			t = line_at[j]; line_at[j] = line_at[j - 1]; line_at[j - 1] = t
			t = text[j]; text[j] = text[j - 1]; text[j - 1] = t
		}
	for (i = 1; i <= lines; i++)
		print line_at[i], text[i]
}
