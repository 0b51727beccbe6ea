#!/bin/sh
# dependencies.sh [build|deb|test]: installs, on Debian 12, what building (and `make run`), `make deb` or testing needs and this host lacks.
# When nothing is missing it does nothing, prints nothing and needs no root. No service is started, enabled, stopped or replaced.
set -eu

build='
make                    the build
gcc
libc6-dev
pkg-config
libsystemd-dev          loop, watchdog, journal
libcurl4-openssl-dev    HTTPS
libssl-dev              digests
libyaml-dev             configuration
libsqlite3-dev          database
libc-ares-dev           name lookups
libmicrohttpd-dev       the lab: its HTTPS server
libgnutls28-dev         the lab: certificates
nettle-dev              the lab: digests that are not computed by the code under test
sqlite3                 the lab: reads the database as a user does
ca-certificates         the system trust store that libcurl expects
'
deb='
dpkg-dev                the package
debhelper               how it is built
check                   unit tests
libsubunit-dev          (check links with it)
'
test='
lintian                 house test of the package
rpm                     house test of the other package
man-db                  house test of the manuals
groff-base              the same
bash-completion         house test of the completions
zsh                     the same
valgrind                unit tests once more
clang                   second compiler, fuzzers
libclang-rt-14-dev      fuzzers
clang-format            house test of the format
shellcheck              house test of the scripts
systemd                 house test of the unit; a private journald
gdb                     a core made by force
strace                  counts what the waiting service does
kamailio                real carrier
kamailio-tls-modules    its TLS
openssl                 its certificates
chrony                  real time server
iproute2                brings up loopback in a network of its own
dnsmasq-base            real name server
nghttp2-proxy           real HTTP/2
mmdebstrap              a Debian of its own for tests/system
systemd-container       boots it
python3-minimal         drives the real peers
libedit2                (chronyd needs it where chrony is unpacked, see below)
libseccomp2             (the same)
libestr0                (rsyslogd needs it, see below)
libfastjson4            (the same)
liblognorm5             (the same)
'
# Programs that are only unpacked for the tests: their packages would start services, or replace this host's.
unpacked_programs='
prometheus                usr/bin/promtool                    judges the metrics and the alert rules
prometheus-node-exporter  usr/bin/prometheus-node-exporter    reads the metrics
rsyslog                   usr/sbin/rsyslogd                   ships the events; its package would become the logger of this host
rsyslog                   usr/lib                             its modules
'
policy=/usr/sbin/policy-rc.d
unpacked=${BUILD:-build}/peers

say() {
	echo "dependencies.sh: $*" >&2
}

# Prints those of its arguments that are not installed.
missing() {
	have=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p')
	for p; do
		echo "$have" | grep -qx "$p" || echo "$p"
	done
}

# Another package keeps this host's clock, and chrony would replace it.
other_clock_keeper() {
	dpkg-query -W -f='${db:Status-Status} ${Package} ${Provides}\n' |
		grep '^installed ' | grep -v '^installed chrony ' | grep -q '\<time-daemon\>'
}

as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		say "not root, and there is no sudo. Run this as root: sh packaging/dependencies.sh $kind"
		exit 1
	fi
}

remove_policy() {
	rm -f "$policy"
}

# Runs as root: `dependencies.sh --install PACKAGE...`; without packages it refreshes apt's lists only.
install_packages() {
	export DEBIAN_FRONTEND=noninteractive
	apt-get -qq update
	[ $# -gt 0 ] || return 0
	# Packages ask policy-rc.d whether they may start their services. One that is there already is somebody's own, and stays.
	if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then
		trap remove_policy EXIT
		trap 'exit 129' HUP
		trap 'exit 130' INT
		trap 'exit 143' TERM
		printf '#!/bin/sh\n# Of trunkauditd, packaging/dependencies.sh, while it installs. May be removed.\nexit 101\n' >"$policy"
		chmod 0755 "$policy"
	fi
	apt-get -qq install -y --no-install-recommends --no-remove -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 "$@"
	# Nor may the next boot start what was installed for the tests only.
	for service in kamailio chrony nghttpx; do
		package=$service
		[ "$service" != nghttpx ] || package=nghttp2-proxy
		case " $* " in
		*" $package "*) systemctl --quiet disable "$service.service" 2>/dev/null || say "could not disable $service.service" ;;
		esac
	done
}

# unpack PACKAGE FILE: that file of the package, or FILE/ and all below it, without installing the package.
unpack() {
	[ ! -e "$unpacked/$2" ] || return 0
	mkdir -p "$unpacked"
	(cd "$unpacked" && apt-get -qq -o APT::Sandbox::User=root download "$1" &&
		dpkg-deb --fsys-tarfile "$1"_*.deb | tar -x "./$2" && rm -f "$1"_*.deb)
}

kind=${1:-build} programs=''
case $kind in
build) list=$build ;;
deb) list=$build$deb ;;
test) list=$build$deb$test programs=$unpacked_programs ;;
--install)
	shift
	install_packages "$@"
	exit
	;;
*)
	say "usage: dependencies.sh [build|deb|test]"
	exit 2
	;;
esac
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	say "this host is not a Debian. Needed are:$(echo "$list" | awk 'NF { printf " %s", $1 }')"
	exit 1
fi
if [ "$kind" = test ] && other_clock_keeper && [ -n "$(missing chrony)" ]; then
	programs="$programs
chrony usr/sbin/chronyd
chrony usr/bin/chronyc"
	list=$(echo "$list" | grep -v '^chrony ')
fi
missing_programs=$(echo "$programs" | while read -r package file _; do
	[ -z "$package" ] || [ -e "$unpacked/$file" ] || command -v "$(basename "$file")" >/dev/null || echo "$package $file"
done)

# shellcheck disable=SC2046 # the words are package names
wanted=$(missing $(echo "$list" | awk 'NF { print $1 }'))
if [ -n "$wanted$missing_programs" ]; then
	# shellcheck disable=SC2086 # the same, from here on
	[ -z "$wanted" ] || say installing $wanted
	# shellcheck disable=SC2086
	as_root sh "$0" --install $wanted
fi
[ -z "$missing_programs" ] || echo "$missing_programs" | while read -r package file; do
	unpack "$package" "$file" || exit
done
