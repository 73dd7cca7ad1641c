# What os.h promises.

load unit

@test "disk: files are made, read, written, renamed and removed" { os disk_files; }
@test "disk: a full disk is an error" { os disk_full; }
@test "disk: directories are listed in byte order" { os disk_directories; }
@test "disk: a file that is too large is not read" { os disk_slurps; }
@test "disk: a lock falls with its holder, and with any descriptor" { os locks; }
@test "clock and chance: time never goes back, every bit is random" { os clock_and_chance; }
@test "note: a line has time, term, role and event" { os notes; }
@test "note: where nothing can be noted nothing happens" { os notes_nowhere; }
@test "note: four writers lose no line when the file is rotated" { os notes_rotate; }
@test "wake: a word reaches the timer, or nobody" { os wakes; }
@test "wire: all bytes go through, a closed pipe is an error" { os wire_bytes; }
@test "wire: sockets connect, whatever the length of their path" { os wire_sockets; }
@test "a socket whose listener accepts nobody: an error, after a while" { os wire_full; }
@test "process: a child has a socket pair and no other descriptor" { os processes; }
@test "process: a child that ignores SIGTERM is killed" { os process_ends; }
@test "process: no signal is lost before a wait" { os signals; }

@test "loop: events come as long as there is something to do" { loop one; }
@test "loop: a wait is not shorter than it should be" { loop time_passes; }
@test "loop: a signal ends a wait" { loop signal_ends_wait; }
@test "loop: everyone gets a turn" { loop many; }

@test "loop over poll: events come as long as there is something to do" { loop_poll one; }
@test "loop over poll: a wait is not shorter than it should be" { loop_poll time_passes; }
@test "loop over poll: a signal ends a wait" { loop_poll signal_ends_wait; }
@test "loop over poll: everyone gets a turn" { loop_poll many; }

# order: what ./trace has of syncs and renames, a word each.
order() {
	sed -n -e 's/^fsync([0-9]*<\([^>]*\)>.*= 0$/synced:\1/p' -e 's/^rename.*= 0$/renamed/p' trace | sed "s,$PWD,.," |
		paste -sd ' ' -
}

@test "replace: the bytes are durable before they have the name, and the name then" {
	printf new >there.new
	replace there
	[ "$(cat there)" = new ]
	[ ! -e there.new ]
	mkdir -m 755 sub
	printf old >sub/there
	printf new >sub/there.new
	chmod 555 sub/there.new
	replace sub/there
	[ "$(cat sub/there) $(stat -c %a sub/there)" = 'new 555' ]
	run -74 replace there
	[ "$output" = 'replace: cannot sync there.new: No such file or directory' ]
	[ "$(cat there)" = new ]
	run -64 replace
	run -64 replace --there
	run -64 replace there too
	strace -o /dev/null true 2>/dev/null || skip 'strace does not run here'
	export ASAN_OPTIONS=detect_leaks=0
	printf 3 >sub/there.new
	strace -qq -y -o trace -e trace='fsync,?rename,?renameat,?renameat2' replace "$PWD/sub/there"
	[ "$(order)" = 'synced:./sub/there.new renamed synced:./sub' ]
	printf 4 >there.new
	strace -qq -y -o trace -e trace='fsync,?rename,?renameat,?renameat2' replace there
	[ "$(order)" = 'synced:./there.new renamed synced:.' ]
	# What could not be synced does not get the name; a name that was not is told of.
	printf 5 >there.new
	run -74 strace -qq -o /dev/null -e trace=fsync -e inject=fsync:error=EIO:when=1 replace there
	[ "$output $(cat there)" = 'replace: cannot sync there.new: Input/output error 4' ]
	run -74 strace -qq -o /dev/null -e trace=fsync -e inject=fsync:error=EIO:when=2 replace there
	[ "$output $(cat there)" = 'replace: cannot sync .: Input/output error 5' ]
	# Where no directory is ever synced, nothing is asked for.
	printf 6 >there.new
	strace -qq -o /dev/null -e trace=fsync -e inject=fsync:error=EINVAL:when=2 replace there
	[ "$(cat there)" = 6 ]
}

@test "zeros: a file of so many zeros, whole or not at all" {
	zeros there 300000
	[ "$(wc -c <there)" -eq 300000 ]
	[ "$(tr -d '\0' <there | wc -c)" -eq 0 ]
	printf x >there
	zeros there 5
	[ "$(od -An -tx1 there | tr -d ' ')" = 0000000000 ]
	run -74 zeros none/there 5
	[ "$output" = 'zeros: cannot make none/there: No such file or directory' ]
	run -74 bash -c 'ulimit -f 100 && trap "" XFSZ && zeros large 300000'
	[ "$output" = 'zeros: cannot make large: File too large' ]
	[ "$(ls)" = there ]
	run -64 zeros there
	run -64 zeros there x
	run -64 zeros --there 5
}
