# lite-raft.bash - completion of lite-raft, lite-raft-client and pkg for bash; zsh's is
# _lite-raft, which takes the words from here.
#
#	. share/completion/lite-raft.bash

# _lite_raft_words COMMAND WORD...: prints what may stand behind these words, one a
# line; nothing where it may be anything.
_lite_raft_words() {
	case ${1##*/}:${2-}:${3-} in
	lite-raft::) printf '%s\n' first-boot start stop restart status check fsck keys backup load recover sandbox demo help version --help ;;
	lite-raft:first-boot:*) printf '%s\n' --foreground --wait --from dash bash ksh93 mksh yash ;;
	lite-raft:start:*) printf '%s\n' --foreground --wait ;;
	lite-raft:restart:*) printf '%s\n' --wait ;;
	lite-raft:check:*) printf '%s\n' --json ;;
	lite-raft:fsck:*) printf '%s\n' --repair ;;
	lite-raft:keys:*) printf '%s\n' --install --hosts --yes --accept --help ;;
	lite-raft:backup:*) printf '%s\n' --local ;;
	lite-raft:load:*) printf '%s\n' --over ;;
	lite-raft:recover:*) printf '%s\n' --members --yes ;;
	lite-raft:sandbox:*)
		_lite_raft_sandbox "${1%/*}" "$@"
		;;
	lite-raft-client:*)
		shift
		_lite_raft_client "$@"
		;;
	pkg:*) _lite_raft_pkg "${1%/*}" "$@" ;;
	esac
}

# The same behind "lite-raft sandbox"; DIR is where lite-raft lies.
_lite_raft_sandbox() { # DIR COMMAND sandbox WORD...
	local last
	for last; do :; done
	case $#:$last in
	3:*)
		printf '%s\n' up down list exec
		return
		;;
	*:--dir | *:-n | *:-t) return ;;
	esac
	case $4 in
	up) printf '%s\n' --dir -n -t --no-boot ;;
	down) printf '%s\n' --dir --keep --kill ;;
	list) printf '%s\n' --dir ;;
	exec)
		[ $# -eq 4 ] || return 0
		printf '%s\n' --dir
		! [ -r "$1/sandbox/nodes" ] || seq -f n%g "$(cat "$1/sandbox/nodes")"
		;;
	esac
}

# The same behind "lite-raft-client".
_lite_raft_client() { # WORD...
	while [ $# -gt 0 ]; do
		case $1 in
		--timeout | --from)
			[ $# -gt 1 ] || return 0
			shift 2
			;;
		--) break ;;
		-*) shift ;;
		*) break ;;
		esac
	done
	case $#:${1-} in
	0:) printf '%s\n' set get unset list if batch watch noop status add-member del-member transfer --timeout --from --json --local --raw --help ;;
	1:status) printf '%s\n' --json --timeout ;;
	2:add-member) printf '%s\n' --learner ;;
	1:add-member | 1:del-member | 1:transfer)
		[ ! -r conf/cluster_nodes ] || sed 's/#.*//' conf/cluster_nodes | tr -s ' \t' '\n\n' | grep .
		;;
	1:noop | 1:batch) printf '%s\n' --timeout ;;
	2:if) printf '%s\n' = != -eq -ne -lt -le -gt -ge absent exists ;;
	3:if) case $3 in absent | exists) printf '%s\n' set unset ;; esac ;;
	4:if) case $3 in absent | exists) ;; *) printf '%s\n' set unset ;; esac ;;
	esac
}

# The same behind "pkg"; DIR is where it lies.
_lite_raft_pkg() { # DIR COMMAND WORD...
	local dir=$1 n=0 word
	shift 2
	if [ $# -eq 0 ]; then
		printf '%s\n' init run stop status halt start move enable disable maint check log why confirm-dead help --help
		return
	fi
	for word; do
		case $word in
		-*) ;;
		*) n=$((n + 1)) ;;
		esac
	done
	case $n:$1 in
	1:run) printf '%s\n' --foreground ;;
	?:status) printf '%s\n' --json -f -w ;;
	1:log) printf '%s\n' -f ;;
	1:confirm-dead) printf '%s\n' --yes ;;
	2:maint) printf '%s\n' on off ;;
	esac
	case $n:$1 in
	1:help) ;;
	1:* | ?:status) ! cd "$dir/control-scripts" 2>/dev/null || find . -type f ! -name '.*' ! -name template | cut -c 3- | sort ;;
	2:move | 2:enable | 2:disable) ! cd "$dir/control-scripts" 2>/dev/null || sed -n 's/^nodes="*\([^"]*\)"*.*/\1/p' "$word" 2>/dev/null | tr ' ' '\n' ;;
	esac
}

# Whatever stands in a file is looked at, and nothing of it run: compgen -W would.
_lite_raft() {
	local word
	COMPREPLY=()
	while IFS= read -r word; do
		case $word in
		'' | *[!A-Za-z0-9._:%!=-]*) ;;
		"${COMP_WORDS[COMP_CWORD]}"*) COMPREPLY+=("$word") ;;
		esac
	done < <(_lite_raft_words "${COMP_WORDS[@]:0:COMP_CWORD}")
}

[ -z "${BASH_VERSION-}" ] || complete -o default -F _lite_raft lite-raft lite-raft-client pkg
