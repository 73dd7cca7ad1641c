# backup and fsck: what becomes of them when they are ended, in every shell.
# bats file_tags=shells

load unit

@test "a signal while backup reads the state: 74, nothing is left, and no shell takes all memory" {
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

@test "a signal while fsck reads its copy: 74, and nothing is left" {
	mkdir -p state/log libexec/os libexec/step
	: >state/node
	cp -Rp "$ROOT/libexec/lib" libexec
	printf '#!/bin/sh\n' >libexec/os/node
	printf '#!/bin/sh\n: >../read\nkill -s TERM "$FSCK"\nexit 74\n' >libexec/step/snapshot
	chmod +x libexec/os/node libexec/step/snapshot
	for n in 1 2 3; do
		run -74 sh -c 'FSCK=$$; export FSCK; ulimit -v 2000000; exec libexec/lib/fsck'
		[ "$(ls)" = $'libexec\nread\nstate' ]
		rm read
	done
}
