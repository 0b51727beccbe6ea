#!/bin/sh
# commands.sh BUILD: the manual and the completions of both shells know the commands and options of `trunkaudit --help`, and no others; the
# manual pages have no fault that groff, man or their own cross-references can tell, and the completions complete.
set -eu
build=${1:-build}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
bad=0

complain() {
	echo "commands.sh: $*"
	bad=1
}

make -s BUILD="$build" all
"$build/trunkaudit" --help >"$tmp/help"
"$build/trunkauditd" --help >"$tmp/help.service"
sed -n 's/^  \([a-z][a-z-]*\)\( .*\|$\)/\1/p' "$tmp/help" | sort -u >"$tmp/commands"
[ "$(wc -l <"$tmp/commands")" -ge 8 ] || complain "trunkaudit --help names hardly a command: nothing was compared"
options_in() {
	grep -ohE -- '(^|[^A-Za-z0-9-])--[a-z][a-z0-9-]*' "$@" | grep -o -- '--.*' | sort -u
}
options_in "$tmp/help" >"$tmp/options"
[ "$(wc -l <"$tmp/options")" -ge 20 ] || complain "trunkaudit --help names hardly an option: nothing was compared"

same() { # same WHAT FILE FILE
	diff "$2" "$3" >"$tmp/diff" || complain "trunkaudit --help (<) and $1 (>) differ:
$(cat "$tmp/diff")"
}

# -- manuals --------------------------------------------------------------------------------------------------------------------
sed -e 's/\\-/-/g' -e 's/\\f[A-Z]//g' "$build/trunkaudit.1" >"$tmp/manual"
sed -n '/^\.SH COMMANDS/,/^\.SH OPTIONS/p' "$tmp/manual" |
	awk '/^\.RS/ { inner++ } /^\.RE/ { inner-- } item && !inner { print $2 } { item = $0 == ".TP" }' | tr -d '"' | sort -u >"$tmp/commands.manual"
same "the commands of packaging/man/trunkaudit.1" "$tmp/commands" "$tmp/commands.manual"
# What the examples say to other programs is not ours.
sed '/^\.SH EXAMPLES/,/^\.SH SEE/d' "$tmp/manual" >"$tmp/manual.own"
options_in "$tmp/manual.own" >"$tmp/options.manual"
same "the options of packaging/man/trunkaudit.1" "$tmp/options" "$tmp/options.manual"
for option in $(options_in "$tmp/help.service"); do
	sed 's/\\-/-/g' "$build/trunkauditd.8" | grep -qF -- "$option" || complain "packaging/man/trunkauditd.8 lacks $option"
done

manuals='trunkaudit.1 trunkauditd.yaml.5 trunkaudit-causes.7 trunkauditd.8'
for manual in $manuals; do
	# In an environment of its own, as man(1) heeds a pager and a width.
	if ! groff -ww -z -man -Kutf8 "$build/$manual" >"$tmp/groff" 2>&1 || [ -s "$tmp/groff" ]; then
		complain "groff on $manual:" "$(cat "$tmp/groff")"
	fi
	if ! env MANROFFSEQ='' MANWIDTH=120 man --warnings=w -E UTF-8 -l -P cat "$build/$manual" >"$tmp/page" 2>"$tmp/man" || [ -s "$tmp/man" ]; then
		complain "man on $manual:" "$(cat "$tmp/man")"
	fi
	[ "$(wc -l <"$tmp/page")" -gt 40 ] || complain "$manual is hardly a page"
	if grep -n '@[A-Z]*@' "$build/$manual"; then
		complain "$manual has a place that was not filled in"
	fi
	for reference in $(grep -oE '\btrunkaudit[a-z.\\-]* \([1-8]\)' "$build/$manual" | tr -d '\\ ' | sort -u); do
		page=$(echo "$reference" | tr '(' . | tr -d ')')
		echo "$manuals" | grep -qwF -- "$page" || complain "$manual names $reference, which does not exist"
	done
done
printf '.TH X 1\n.SH NAME\nx \\- y\n.nosuch\n' >"$tmp/broken.1"
[ -n "$(groff -ww -z -man "$tmp/broken.1" 2>&1)" ] || complain "groff accepts an unknown request: it proves nothing"

# -- bash -----------------------------------------------------------------------------------------------------------------------
completion=packaging/completion/trunkaudit.bash
bash -n "$completion" || complain "$completion is not bash"
# The words of its table.
sed -n '/local -A options=(/,/^	)/p' "$completion" >"$tmp/table"
sed -n 's/^		\[\([a-z-]*\)\]=.*/\1/p' "$tmp/table" | sort -u >"$tmp/commands.bash"
same "the commands of $completion" "$tmp/commands" "$tmp/commands.bash"
{
	cat "$tmp/table"
	grep 'common=' "$completion"
} >"$tmp/options.text"
options_in "$tmp/options.text" >"$tmp/options.bash"
same "the options of $completion" "$tmp/options" "$tmp/options.bash"

# -- zsh ------------------------------------------------------------------------------------------------------------------------
completion=packaging/completion/_trunkaudit
zsh -n "$completion" || complain "$completion is not zsh"
sed -n "/^commands=(/,/^)/s/^	'\([a-z-]*\):.*/\1/p" "$completion" | sort -u >"$tmp/commands.zsh"
same "the commands of $completion" "$tmp/commands" "$tmp/commands.zsh"
options_in "$completion" >"$tmp/options.zsh"
same "the options of $completion" "$tmp/options" "$tmp/options.zsh"

# -- completing ----------------------------------------------------------------------------------------------------------------
cat >"$tmp/complete.bash" <<'END'
# complete.bash COMPLETION WORD...: what completing the last word gives, one a line
. /usr/share/bash-completion/bash_completion
. "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE=$* COMP_POINT=${#COMP_LINE} COMP_TYPE=9 COMP_KEY=9
function=$(complete -p "$1" | grep -o -- '-F [a-z_]*')
"${function#-F }" "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\n' "${COMPREPLY[@]}"
END
cat >"$tmp/complete.zsh" <<'END'
# complete.zsh DIRECTORY-OF-COMPLETIONS WORK-DIRECTORY LINE: what completing LINE gives, one a line. A shell on a terminal of its own is asked,
# where compadd also writes down what it is given.
zmodload zsh/zpty
directory=$1 work=$2 line=$3
rm -f $work/hits $work/ready $work/done
cat >$work/setup <<EOF
PROMPT= RPROMPT=
fpath=(${(q)directory} \$fpath)
autoload -Uz compinit
compinit -u -d ${(q)work}/dump
bindkey '^I' complete-word
compadd() {
	if (( ! \${@[(I)-[a-zA-Z12]#[OAD]]} )); then
		local -a hits
		builtin compadd -O hits "\$@"
		(( ! \$#hits )) || print -rl -- "\$hits[@]" >>${(q)work}/hits
	fi
	builtin compadd "\$@"
}
EOF
zpty shell TERM=dumb zsh -f -i
zpty -w shell "source ${(q)work}/setup; print ready >${(q)work}/ready"
for i in {1..600}; do [[ -s $work/ready ]] && break; sleep 0.1; done
zpty -w -n shell "$line"$'\t'
zpty -w -n shell $'\C-u'
zpty -w shell "print done >${(q)work}/done"
for i in {1..600}; do [[ -s $work/done ]] && break; sleep 0.1; zpty -r -t shell out; done
zpty -d shell
sort -u $work/hits 2>/dev/null
END
mkdir "$tmp/zsh"
complete_with() { # complete_with SHELL WORD...: what completing the last word gives, one a line
	shell=$1
	shift
	case $shell in
	bash) bash --norc "$tmp/complete.bash" packaging/completion/trunkaudit.bash "$@" | sort ;;
	zsh) zsh -f "$tmp/complete.zsh" "$PWD/packaging/completion" "$tmp/zsh" "$*" ;;
	esac
}
completes() { # completes SHELL EXPECTED WORD...: every expected word is among what comes
	shell=$1 expected=$2
	shift 2
	complete_with "$shell" "$@" >"$tmp/completed"
	for word in $expected; do
		grep -qxF -- "$word" "$tmp/completed" || complain "$shell: completing \"$*\" does not give $word, but:" "$(tr '\n' ' ' <"$tmp/completed")"
	done
}
# A database with one trunk, for their names.
sqlite3 "$tmp/audit.db" "CREATE VIEW latest AS SELECT 'SYD Secondary' AS trunk"
completes_in_shell() { # completes_in_shell SHELL
	completes "$1" "$(cat "$tmp/commands")" trunkaudit ''
	completes "$1" 'check-config' trunkaudit che
	completes "$1" '--force --trunk --dry-run --config' trunkaudit run --
	completes "$1" 'udp tcp tls' trunkaudit probe --transport ''
	completes "$1" '--config --help --version' trunkauditd --
	complete_with "$1" trunkaudit status --database "$tmp/audit" | grep -q 'audit\.db$' || complain "$1: no file is completed"
	complete_with "$1" trunkaudit --database "$tmp/audit.db" history SYD | grep -q 'SYD.* Secondary' || complain "$1: no trunk is completed"
}
for shell in bash zsh; do
	completes_in_shell "$shell"
done
if complete_with bash trunkaudit status --fo | grep -q -- --force; then
	complain "bash: status is offered --force, which is for run"
fi

exit $bad
