# json.awk - is all of stdin one JSON text (RFC 8259)?  Prints where it is none,
# and ends with 1.

{ text = text $0 "\n" }

END {
	at = 1
	blank()
	if (value() && blank() && at > length(text))
		exit 0
	printf "no JSON at byte %d: %s\n", at, substr(text, at, 40)
	exit 1
}

# Takes what the pattern fits here: 1 if it does.
function take(pattern) {
	if (!match(substr(text, at), "^" pattern))
		return 0
	at += RLENGTH
	return 1
}

function blank() {
	take("[ \t\n\r]*")
	return 1
}

function string() {
	return take("\"([^\"\\\\\001-\037]|\\\\([\"\\\\/bfnrt]|u[0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f][0-9A-Fa-f]))*\"")
}

function value() {
	if (take("[{]"))
		return members()
	if (take("\\["))
		return elements()
	return string() || take("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][-+]?[0-9]+)?") || take("true|false|null")
}

function members() {
	blank()
	if (take("[}]"))
		return 1
	while (blank() && string() && blank() && take(":") && blank() && value() && blank()) {
		if (take("[}]"))
			return 1
		if (!take(","))
			return 0
	}
	return 0
}

function elements() {
	blank()
	if (take("]"))
		return 1
	while (blank() && value() && blank()) {
		if (take("]"))
			return 1
		if (!take(","))
			return 0
	}
	return 0
}
