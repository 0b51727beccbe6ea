# shellcheck shell=sh
# lib.sh: what the tests under a real systemd share; sourced from the root of the tree. $1 is the build directory.
#
# A machine is a small Debian in a directory of its own, booted by systemd-nspawn: systemd is its process 1, its network has only the
# loopback interface, and what it runs cannot set the clock of this host. All of it is ended and removed, also when a test fails.

# shellcheck source=tests/service/lib.sh
. tests/service/lib.sh
PATH=$PATH:/usr/sbin:/sbin

if [ "$(id -u)" -ne 0 ]; then
	# shellcheck disable=SC2154 # service/lib.sh makes it
	rm -rf "$dir"
	exec sudo -n env TRUNKAUDIT_TEST="${TRUNKAUDIT_TEST:-}" LC_ALL=C.UTF-8 sh "$0" "$@" || :
	echo "not ok - a real systemd needs root: run this as root, or right behind sudo -v"
	exit 1
fi

# shellcheck disable=SC2154
tree=${build%/*}/system-tree.tar packages_made=${build%/*}/system-deb
root=$dir/machine
name=trunkauditd-test-$$
leader='' nspawn='' groups=''
# shellcheck disable=SC2034 # service/lib.sh takes it
pause=0.2 # between two looks at a machine: each is a process or two in it
# Neither the booted system nor what enters it may touch what belongs to the whole host, its clock before all.
dropped=-sys_time,-sys_boot,-sys_module,-sys_rawio,-syslog,-wake_alarm,-block_suspend,-audit_control

# -- the tree -----------------------------------------------------------------------------------------------------------------

# What a machine has beside Debian's minimal system. The libraries are those of the package and of the lab.
packages=systemd,systemd-sysv,dbus,libnss-systemd,sqlite3,strace,procps,ca-certificates
packages=$packages,libcurl4,libyaml-0-2,libc-ares2,libmicrohttpd12,libgnutls30,libnettle8

# Makes the archive that all machines are unpacked from, where it is missing or has other packages. Debian comes from where this host has
# it from.
make_tree() {
	[ ! -e "$tree" ] || [ "$(cat "$tree.packages" 2>/dev/null)" != "$packages" ] || return 0
	set --
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list /etc/apt/sources.list.d/*.sources; do
		[ ! -s "$file" ] || set -- "$@" "$file"
	done
	apt-config dump | grep '^Acquire::' | grep -v -e '^Acquire::IndexTargets' -e '^Acquire::Changelogs' -e '^Acquire::CompressionTypes' \
		>"$dir/apt.conf"
	mmdebstrap --quiet --variant=minbase --mode=root --format=tar --aptopt="$dir/apt.conf" --dpkgopt=force-unsafe-io \
		--include="$packages" bookworm "$tree.new" "$@" >"$dir/tree.err" 2>&1 || give_up "a Debian tree is made"
	mv "$tree.new" "$tree"
	echo "$packages" >"$tree.packages"
}

# The package, as an administrator makes it, where it is missing or older than what it is made of.
make_package() {
	deb=$(find "$packages_made" -name 'trunkauditd_*.deb' 2>/dev/null)
	if [ -z "$deb" ] || [ -n "$(find Makefile NEWS README.md common conf daemon packaging sql systemd -type f -newer "$deb" -print -quit)" ]; then
		rm -rf "$packages_made"
		sh packaging/deb.sh "$packages_made" >"$dir/package.err" 2>&1 || give_up "the package is built"
		deb=$(find "$packages_made" -name 'trunkauditd_*.deb')
	fi
}

# machine: unpacks it, as a system that has been booted before: with a machine id, a journal that stays, and no timers of its own.
machine() {
	exec 9>"$tree.lock"
	flock 9
	make_tree
	make_package
	exec 9>&-
	mkdir "$root"
	tar -xp --numeric-owner -f "$tree" -C "$root"
	systemd-id128 new >"$root/etc/machine-id"
	echo '127.0.0.1 localhost' >"$root/etc/hosts"
	mkdir -p "$root/var/log/journal" "$root/srv/lab"
	rm -rf "$root/etc/systemd/system/timers.target.wants"
}

# -- the machine ----------------------------------------------------------------------------------------------------------------

end_machine() {
	[ -z "$leader" ] || kill -KILL "$leader" 2>/dev/null || :
	[ -z "$nspawn" ] || {
		[ -n "$leader" ] || kill -KILL "$nspawn" 2>/dev/null || :
		wait "$nspawn" 2>/dev/null || :
	}
	leader='' nspawn=''
	for group in $groups; do
		tries=0
		while [ -d "$group" ] && [ "$tries" -lt 50 ]; do
			find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null
			tries=$((tries + 1))
			[ ! -d "$group" ] || sleep 0.1
		done
	done
	groups=''
}
end_all() {
	end_machine
	clean_up
}
trap end_all EXIT

booted() {
	state=$(inside systemctl is-system-running 2>/dev/null)
	case $state in
	running | degraded) return 0 ;;
	esac
	kill -0 "$nspawn" 2>/dev/null || give_up "the machine boots"
	return 1
}

find_leader() {
	kill -0 "$nspawn" 2>/dev/null || give_up "systemd-nspawn starts"
	for group in $groups; do
		leader=$(sort -n "$group/payload/init.scope/cgroup.procs" 2>/dev/null | head -n 1)
		[ -z "$leader" ] || return 0
	done
	return 1
}

# boot: until all of its services are up. Its console is in $dir/console.err.
boot() {
	for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
		if [ "$hierarchy" != /sys/fs/cgroup ] || [ -e /sys/fs/cgroup/cgroup.controllers ]; then
			[ ! -e "$hierarchy/cgroup.procs" ] || groups="$groups $hierarchy/$name"
		fi
	done
	# shellcheck disable=SC2086 # a list
	mkdir $groups || give_up "control groups for the machine"
	# shellcheck disable=SC2086,SC2016 # a list; the inner shell expands it
	unshare --mount --propagation private sh -c '
		name=$1 root=$2 dropped=$3
		shift 3
		for group; do
			echo $$ >"$group/cgroup.procs"
		done
		exec setpriv --bounding-set="$dropped" -- systemd-nspawn --quiet --directory="$root" --machine="$name" --register=no --keep-unit \
			--boot --private-network --console=pipe --link-journal=no --resolv-conf=off --timezone=off -- --unit=multi-user.target' \
		sh "$name" "$root" "$dropped" $groups </dev/null >>"$dir/console.err" 2>&1 &
	nspawn=$!
	wait_for "process 1 of the machine" find_leader
	wait_for "the machine is up" booted
}

# inside COMMAND...: as root of the machine. nsenter keeps the caller's capabilities, so they are dropped here.
inside() {
	setpriv --bounding-set="$dropped" --inh-caps="$dropped" -- \
		nsenter --target "$leader" --mount --uts --ipc --net --pid --cgroup --root --wd -- \
		env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"
}

powered_off() { ! kill -0 "$nspawn" 2>/dev/null; }

# power_off: as an administrator does it. crash: without a word to anybody. Either leaves the machine as it is, for the next boot.
power_off() {
	inside systemctl poweroff --no-block
	wait_for "the machine powers off" powered_off
	leader=''
	end_machine
}
crash() { end_machine; }

# -- what runs there --------------------------------------------------------------------------------------------------------------

# put_package FILE: what the administrator installs; the output is in $dir/dpkg.err.
put_package() {
	cp "$1" "$root/root/trunkauditd.deb"
	inside env DEBIAN_FRONTEND=noninteractive dpkg --force-confdef --force-confold -i /root/trunkauditd.deb >"$dir/dpkg.err" 2>&1
}

# world NAME: the lab with the scenario $dir/NAME.scenario, as a service of the machine, which is there before trunkauditd at each boot. It
# writes the configuration, with the secrets as credentials of the unit.
world() {
	install -m 0755 "$build/lab" "$root/usr/local/bin/lab"
	cp "$dir/$1.scenario" "$root/srv/lab.scenario"
	cat >"$root/etc/systemd/system/lab.service" <<-'END'
		[Unit]
		Before=trunkauditd.service
		[Service]
		ExecStartPre=sh -c 'rm -rf /srv/lab && mkdir /srv/lab'
		ExecStart=/usr/local/bin/lab /srv/lab.scenario --dir /srv/lab -- sh /usr/local/bin/phase
		ExecStartPost=sh -c 'until [ -e /srv/lab/phase.1 ]; do sleep 0.05; done'
		[Install]
		WantedBy=multi-user.target
	END
	# One phase of the scenario, until somebody makes the file that ends it.
	cat >"$root/usr/local/bin/phase" <<-'END'
		set -eu
		if [ "$LAB_PHASE" = 1 ]; then
			chmod 0755 "$LAB_DIR"
			sed -e 's|{file: "/srv/lab/secrets/\([^"]*\)"}|{credential: secret_\1}|' \
				-e 's|^  path: .*audit\.db.*|  path: /var/lib/trunkauditd/audit.db|' "$LAB_CONFIG" >/etc/trunkauditd/new
			mv /etc/trunkauditd/new /etc/trunkauditd/trunkauditd.yaml
			install -d -m 0700 /etc/trunkauditd/credentials
			install -m 0600 "$LAB_DIR"/secrets/* /etc/trunkauditd/credentials
		fi
		: >"$LAB_DIR/phase.$LAB_PHASE"
		until [ -e "$LAB_DIR/end.$LAB_PHASE" ]; do sleep 0.1; done
	END
	inside systemctl enable --quiet --now lab || give_up "the lab of the machine"
}

# phase N: the lab goes on to it.
phase() {
	: >"$root/srv/lab/end.$(($1 - 1))"
	wait_for "phase $1 of the lab" test -e "$root/srv/lab/phase.$1"
}

# drop_in NAME: standard input becomes settings of the unit.
drop_in() {
	mkdir -p "$root/etc/systemd/system/trunkauditd.service.d"
	cat >"$root/etc/systemd/system/trunkauditd.service.d/$1.conf"
	inside systemctl daemon-reload
}

# restart: by the administrator, as often as the test likes.
restart() {
	inside systemctl reset-failed trunkauditd
	inside systemctl restart trunkauditd || give_up "the service starts again"
}

unit() { inside systemctl show --value -p "$1" trunkauditd.service; } # unit PROPERTY
send() { inside systemctl kill --kill-whom=main --signal="$1" trunkauditd; } # send SIGNAL
query() { inside sqlite3 -cmd '.timeout 5000' /var/lib/trunkauditd/audit.db "$1"; }
run_is() { [ "$(query "SELECT state FROM run WHERE id = $1")" = "$2" ]; } # run_is ID STATE
runs_done() { [ "$(query "SELECT count(*) FROM run WHERE state = 'done'")" -ge "$1" ]; }

# events EVENT: how many of them the journal has. recorded EVENT [TIMES]: whether it has so many.
id_of() { sed -n "s/.*EVENT($1, \"\([0-9a-f]*\)\").*/\1/p" daemon/event_ids.h; }
events() { inside journalctl --quiet -o cat --output-fields=MESSAGE_ID MESSAGE_ID="$(id_of "$1")" | wc -l; }
recorded() { [ "$(events "$1")" -ge "${2:-1}" ]; }

# read_journal: all of the unit into $dir/journal, one JSON object a line. entry EVENT SQL: an expression over the newest entry j of them.
read_journal() { inside journalctl --quiet --all -o json -u trunkauditd >"$dir/journal"; }
entry() {
	grep -F "\"$(id_of "$1")\"" "$dir/journal" | tail -n 1 >"$dir/entry"
	sqlite3 :memory: "SELECT $2 FROM (SELECT readfile('$dir/entry') AS j)"
}

# run_now: asks for one by signal, and waits for its end.
run_now() {
	before=$(events RUN_DONE)
	send USR1
	wait_for "the run that was asked for" recorded RUN_DONE $((before + 1))
}

has_run() { [ "$(query "SELECT count(*) FROM run WHERE $1")" -ge 1 ]; } # has_run CONDITION
