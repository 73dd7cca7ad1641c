# backup: what becomes of it when it is ended, in every shell.
# bats file_tags=shells

load unit

@test "a signal while the state is read: 74, nothing is left, and no shell takes all memory" {
	mkdir -p state libexec/os libexec/step
	: >state/node
	cp -Rp "$ROOT/lite-raft" "$ROOT/bin" .
	cp -Rp "$ROOT/libexec/lib" libexec
	printf '#!/bin/sh\nprintf "5\\n"\n' >libexec/os/node
	printf '#!/bin/sh\nprintf half\nkill -s TERM "$BACKUP"\nexit 74\n' >libexec/step/snapshot
	chmod +x libexec/os/node libexec/step/snapshot
	for n in 1 2 3; do
		run -74 sh -c 'BACKUP=$$; export BACKUP; ulimit -v 2000000; exec ./lite-raft backup --local kept'
		[ "$(ls)" = $'bin\nlibexec\nlite-raft\nstate' ]
	done
}
