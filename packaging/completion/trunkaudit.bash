# bash completion for trunkaudit and trunkauditd                                                            -*- shell-script -*-
# shellcheck shell=bash

# The trunks of the database, one a line; nothing where it may not be read.
_trunkaudit_trunks() {
	local database=/var/lib/trunkauditd/audit.db i
	for ((i = 1; i < cword; i++)); do
		[[ ${words[i]} != --database ]] || database=${words[i + 1]}
	done
	sqlite3 -readonly "$database" 'SELECT trunk FROM latest ORDER BY trunk' 2>/dev/null
}

_trunkaudit_complete_trunk() {
	local name IFS=$'\n'
	COMPREPLY=()
	for name in $(_trunkaudit_trunks); do
		[[ $name != "$cur"* ]] || COMPREPLY+=("$(printf '%q' "$name")")
	done
}

_trunkaudit() {
	local cur prev words cword split
	_init_completion -s || return

	local common='--config --help --version'
	local -A options=(
		[run]='--trunk --json --force --wait --record --dry-run'
		[status]='--json --nagios --trunk --database'
		[history]='--limit --json --database'
		[clock]='--limit --json --database'
		[check-config]=''
		[doctor]='--json'
		[backup]='--overwrite --database'
		[probe]='--transport --method --domain --user --realm --password-file --ha1-file --ca -v --measure-nonce-lifetime
			--answers --json'
		[explain]='--message --challenge --authorization --method --request-uri --user --realm --password-file --ha1-file
			--show-secrets --json'
	)
	local command='' i
	for ((i = 1; i < cword; i++)); do
		if [[ ${words[i]} == -* || ${words[i - 1]} == @(-c|--config|--database|--limit|--trunk) ]]; then
			continue
		fi
		command=${words[i]}
		break
	done

	case $prev in
	-c | --config | --database | --password-file | --ha1-file | --ca | --message)
		_filedir
		return
		;;
	--record)
		_filedir -d
		return
		;;
	--trunk)
		_trunkaudit_complete_trunk
		return
		;;
	--transport)
		mapfile -t COMPREPLY < <(compgen -W 'udp tcp tls' -- "$cur")
		return
		;;
	--method)
		mapfile -t COMPREPLY < <(compgen -W 'REGISTER OPTIONS' -- "$cur")
		return
		;;
	--limit | --domain | --user | --realm | --answers | --challenge | --authorization | --request-uri)
		return
		;;
	esac
	! $split || return

	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$common ${options[${command:-status}]-}" -- "$cur")
	elif [[ -z $command ]]; then
		mapfile -t COMPREPLY < <(compgen -W "${!options[*]}" -- "$cur")
	elif [[ $command == probe ]]; then
		_known_hosts_real -- "$cur"
	elif [[ $command == backup ]]; then
		_filedir
	elif [[ $command == history ]]; then
		_trunkaudit_complete_trunk
	fi
} && complete -F _trunkaudit trunkaudit

_trunkauditd() {
	local cur prev words cword split
	_init_completion -s || return
	case $prev in
	-c | --config | --check-database)
		_filedir
		return
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W '--config --check-database --help --version' -- "$cur")
} && complete -F _trunkauditd trunkauditd
