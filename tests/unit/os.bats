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
