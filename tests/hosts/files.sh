# files.sh - what each host of the lab finds on its disk; sourced by lab.

# The tree, built, in each host's directory, with the cluster's configuration.
lab_copy_tree() { # SETTING VALUE...
	mkdir -p "$LAB/tree" || return 1
	cp "$LAB_HOME/inside" "$LAB/inside" || return 1
	[ -z "${LAB_DISKS:-}" ] || cp "$LAB_TREE/build/tests/hosts/unplug" "$LAB/unplug" || return 1
	[ -z "${LAB_RATES:-}" ] || cp "$LAB_TREE/build/tests/hosts/rate.so" "$LAB/rate.so" || return 1
	[ -z "${LAB_WALL:-}" ] || cp "$LAB_TREE/build/tests/hosts/wall.so" "$LAB/wall.so" || return 1
	(cd "$LAB_TREE" && tar -cf - --exclude=./.git --exclude=./tests --exclude=./build/tests \
		--exclude=./build/bench --exclude=./build/bits --exclude=./build/fuzz --exclude=./build/mutants --exclude=./build/soak \
		--exclude=./state --exclude=./run --exclude=./message-log .) |
		(cd "$LAB/tree" && tar -xf -) || return 1
	if [ -f "$LAB/tree/Makefile" ]; then
		make -s -C "$LAB/tree" >"$LAB/make.out" 2>&1 || lab_die "cannot build: $(tail -n 3 "$LAB/make.out")" || return 1
	fi
	mkdir -p "$LAB/tree/conf" || return 1
	copy_names=
	for copy_i in $(lab_all); do
		copy_names="$copy_names${copy_names:+ }h$copy_i"
	done
	printf '%s\n' "$copy_names" >"$LAB/tree/conf/cluster_nodes"
	while [ $# -ge 2 ]; do
		printf '%s\n' "$2" >"$LAB/tree/conf/$1" || return 1
		shift 2
	done
	for copy_i in $(lab_all); do
		copy_to=$LAB/hosts/$copy_i
		mkdir -p "$copy_to" && cp -Rp /etc "$copy_to/etc" && rm -rf "$copy_to/etc/ssh" || return 1
		mkdir -p "$copy_to/lite-raft" "$copy_to/etc/ssh" "$copy_to/home/.ssh" || return 1
		case " ${LAB_DISKS:-} " in
		*" $copy_i "*) lab_disk "$copy_i" ;;
		*) cp -Rp "$LAB/tree/." "$copy_to/lite-raft" ;;
		esac || return 1
	done
}

# A file system of 128 MiB with few inodes in a file, the tree on it.
lab_disk() { # I
	truncate -s 128M "$LAB/hosts/$1/disk" || return 1
	mkfs.ext4 -q -m 0 -N 1024 -d "$LAB/tree" "$LAB/hosts/$1/disk"
}

# Keys, homes and the files of /etc for each host.
lab_keys() {
	keys_known=$LAB/known_hosts
	keys_users=$LAB/authorized_keys
	keys_hosts=$LAB/etc_hosts
	printf '127.0.0.1 localhost\n' >"$keys_hosts"
	for keys_i in $(lab_all); do
		keys_dir=$LAB/hosts/$keys_i
		ssh-keygen -q -t ed25519 -N '' -C "host h$keys_i" -f "$keys_dir/etc/ssh/ssh_host_ed25519_key" || return 1
		ssh-keygen -q -t ed25519 -N '' -C "root@h$keys_i" -f "$keys_dir/home/.ssh/id_ed25519" || return 1
		cut -d ' ' -f 1,2 "$keys_dir/etc/ssh/ssh_host_ed25519_key.pub" | sed "s/^/h$keys_i,10.77.0.$keys_i /" >>"$keys_known"
		cat "$keys_dir/home/.ssh/id_ed25519.pub" >>"$keys_users"
		printf '10.77.0.%s h%s\n' "$keys_i" "$keys_i" >>"$keys_hosts"
	done
	for keys_i in $(lab_all); do
		keys_dir=$LAB/hosts/$keys_i
		cp "$keys_known" "$keys_dir/home/.ssh/known_hosts" || return 1
		cp "$keys_users" "$keys_dir/home/.ssh/authorized_keys" || return 1
		cp "$keys_hosts" "$keys_dir/etc/hosts" || return 1
		printf 'hosts: files\npasswd: files\ngroup: files\n' >"$keys_dir/etc/nsswitch.conf"
		awk -F : -v OFS=: -v home="$LAB/host/home" '$1 == "root" { $6 = home; $7 = "/bin/sh" } { print }' \
			/etc/passwd >"$keys_dir/etc/passwd"
		: >"$keys_dir/etc/ssh/ssh_config"
		printf '%s\n' 'UsePAM no' 'PidFile none' 'PrintMotd no' 'KexAlgorithms curve25519-sha256' "ListenAddress 10.77.0.$keys_i" \
			>"$keys_dir/etc/ssh/sshd_config"
		[ ! -f "$LAB/wall.so" ] || printf 'SetEnv LD_PRELOAD=%s WALL_STEP=%s\n' \
			"$LAB/wall.so" "$LAB/host/wall" >>"$keys_dir/etc/ssh/sshd_config"
		lab_rate "$keys_i" 1000 || return 1
		chmod 700 "$keys_dir/home" "$keys_dir/home/.ssh"
	done
}
