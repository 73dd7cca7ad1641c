# make static: pkg for hosts that lack this one's C library.

load ../lib/cluster

CLUSTER=$BATS_FILE_TMPDIR/nodes # a server's directory has no blank in it

teardown() {
	[ ! -e "$BATS_TEST_TMPDIR/host/pkg/run" ] || (cd "$BATS_TEST_TMPDIR/host/pkg" && out timeout 20 ./pkg stop web) || :
	cluster_down
}

@test "make static: pkg, copied alone, runs a package with programs that ask for no library" {
	cd "$BATS_TEST_TMPDIR"
	printf 'int main(void) { return 0; }\n' >try.c
	cc -static -o try try.c 2>/dev/null || skip 'there is no static C library here'
	mkdir tree host
	(cd "$ROOT" && tar -cf - --exclude=./build --exclude=./.git --exclude=./sandbox .) | (cd tree && tar -xf -)
	find tree/pkg/libexec -type f -exec sh -c 'od -A n -N 4 -c "$1" | grep -q "177   E" && rm "$1"' sh {} \;
	make -C tree -s -j2 CFLAGS=-O0 static
	cp -Rp tree/pkg host
	cd host/pkg
	programs=0
	for program in libexec/*; do
		if readelf -l "$program" >"$BATS_TEST_TMPDIR/headers" 2>/dev/null; then
			not grep -q INTERP "$BATS_TEST_TMPDIR/headers"
			"$program" --help
			programs=$((programs + 1))
		fi
	done
	[ "$programs" -eq "$(grep -l '^main(' "$ROOT"/pkg/os/*.c | wc -l)" ]

	cluster_up 1
	cp "$(node_dir 1)/conf/ssh_config" .
	printf 'n1=%s\n' "$(node_dir 1)" >lite-raft-remote
	printf 'a\n' >node_name
	sed -e 's/^nodes=.*/nodes=a profile=fast soft=5/' -e 's/^prog .*/prog it "exec sleep 1000"/' \
		control-scripts/template >control-scripts/web
	chmod +x control-scripts/web
	out timeout 60 ./pkg init web
	out timeout 60 ./pkg run web
	wait_for 20 runs
	run -0 out timeout 60 ./pkg stop web
}

runs() {
	[[ $(out timeout 60 ./pkg status -f web) == 'web running owner=a '* ]]
}
