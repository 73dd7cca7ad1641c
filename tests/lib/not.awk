# not.awk - finds what can't fail in tests: a line "! CMD" that is not the last one of its
# function, which errexit passes over.  "run ! CMD" is seen.

held != "" && !/^\t*}$/ {
	print held
	found = 1
}
{
	held = ""
}
/^\t+! / && !/\|\||&&/ {
	held = FILENAME ":" FNR ": cannot fail here, write run !: " $0
}
END {
	exit found
}
