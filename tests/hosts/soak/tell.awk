# tell.awk - the longest time without an acknowledged write around each fault, and how
# much of it was left when the fault had been mended.
#
#	awk -f tell.awk FAULTS HISTORY
#
# FAULTS: lines "KIND BEGUN MENDED", milliseconds; HISTORY: as tests/lin/lin.h says, its
# times are nanoseconds of the same clock.  Prints "KIND MILLISECONDS LEFT", one line a
# fault; what lasts 2 seconds longer than the fault counts as its.

FILENAME == ARGV[1] {
	kind[++faults] = $1
	begun[faults] = $2
	mended[faults] = $3
	next
}

/^#/ || NF == 0 || $3 == "-" || $4 == "get" || $4 == "list" { next }

{
	tab = split($0, part, "\t")
	if (part[tab] ~ /^[01]( |$)/)
		at[++n] = substr($3, 1, length($3) - 6) + 0
}

# Each process writes its own lines: they are nearly in order.
END {
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && at[j - 1] > at[j]; j--) {
			t = at[j]
			at[j] = at[j - 1]
			at[j - 1] = t
		}
	for (f = 1; f <= faults; f++) {
		most = left = 0
		for (i = 2; i <= n; i++) {
			if (at[i] >= begun[f] && at[i - 1] <= mended[f] + 2000 && at[i] - at[i - 1] > most)
				most = at[i] - at[i - 1]
			if (at[i] >= mended[f] && at[i - 1] <= mended[f])
				left = at[i] - mended[f]
		}
		print kind[f], most, left
	}
}
