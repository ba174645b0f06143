#!/bin/sh
# Puts this backup back on a server, with stock tools only: a POSIX shell, tar,
# sed and the client of the database (mariadb, mysql or psql).
#
# Nothing in here belongs to one website: what this archive holds is said in
# restore.conf, which is read and never run. `sh restore.sh --help` says more.
set -u
LC_ALL=C
export LC_ALL

usage() {
	cat <<'END'
Usage: sh restore.sh [OPTIONS]        run it in the unpacked folder of the backup

  --to DIR              where the website's files go; empty or not there yet
  --database NAME       an empty database that exists; once for each database of
                        the backup, in the order of the folders in database/
  --user USER           who may write to it
  --password-file FILE  a file whose first line is that user's password; without
                        it the password is asked for, or read from standard
                        input where that is no terminal
  --host HOST           where the database server is [localhost]
  --port PORT           its port
  --socket PATH         its socket, in place of host and port; of PostgreSQL
                        the directory of its socket is given as --host
  --owner USER[:GROUP]  to whom the files are given (needs root)
  --check               only check the files of the backup
  --skip-check          do not check them first
  --help                this text

What is missing is asked for. The target must be empty and so must the database:
nothing that exists is ever overwritten. What lay outside the website's directory
goes back to where the website looks for it, or to DIR.outside with the links to
it turned there. When something fails, what was put in place is removed again and
you can start anew.
END
}

say() { printf '%s\n' "$*"; }
# many N ONE MORE prints a number with what there is of it.
many() { if [ "$1" -eq 1 ]; then printf '1 %s' "$2"; else printf '%s %s' "$1" "$3"; fi; }
warn() { printf '! %s\n' "$*" >&2; }
die() {
	printf 'restore.sh: %s\n' "$*" >&2
	exit 1
}

here=$(cd "$(dirname "$0")" && pwd -P) || exit 1
to='' user='' host='' port='' socket='' owner='' secret='' asked_user=no
check_only=no skip_check=no
work='' target='' filling=no
tab=$(printf '\t')
newline='
'

# tidy leaves nothing half-done: it runs at every exit.
tidy() {
	status=$?
	trap '' INT TERM HUP
	if [ "$filling" = yes ] && [ -n "$target" ]; then
		say "Removing what was put into $target." >&2
		rm -rf "${target:?}"/* "${target:?}"/.[!.]* "${target:?}"/..?*
		while IFS= read -r path; do rm -rf "${path:?}"; done <"$work/made"
	fi
	[ -z "$work" ] || rm -rf "$work"
	exit "$status"
}
trap tidy EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

umask 077
work=$(mktemp -d "${TMPDIR:-/tmp}/restore.XXXXXX") || {
	work=''
	die "No temporary directory could be made; set TMPDIR to one that you may write to."
}
: >"$work/databases"
: >"$work/made"
: >"$work/places"

value() { # OPTION VALUE...: an option needs its value
	[ $# -ge 2 ] || die "$1 needs a value; sh restore.sh --help says more."
}
while [ $# -gt 0 ]; do
	case $1 in
	--to) value "$@"; to=$2; shift ;;
	--database) value "$@"; printf '%s\n' "$2" >>"$work/databases"; shift ;;
	--user) value "$@"; user=$2 asked_user=yes; shift ;;
	--password-file) value "$@"; secret=$2; shift ;;
	--host) value "$@"; host=$2; shift ;;
	--port) value "$@"; port=$2; shift ;;
	--socket) value "$@"; socket=$2; shift ;;
	--owner) value "$@"; owner=$2; shift ;;
	--check) check_only=yes ;;
	--skip-check) skip_check=yes ;;
	--help | -h) usage; exit 0 ;;
	*) die "'$1' is not an option; sh restore.sh --help lists them." ;;
	esac
	shift
done
case $port in *[!0-9]*) die "--port is a number." ;; esac

for name in restore.conf MANIFEST.jsonl; do
	[ -f "$here/$name" ] || die "$name is not beside this script; unpack the whole archive with tar and run it there."
done

ask() { # QUESTION DEFAULT: sets $answer
	[ -t 0 ] || die "There is no terminal to ask on: '$1' Give it as an option; sh restore.sh --help lists them."
	printf '%s' "$1${2:+ [$2]} " >&2
	IFS= read -r answer || die "Stopped."
	[ -n "$answer" ] || answer=$2
	[ -n "$answer" ] || die "An answer is needed; nothing was changed."
}

# ---- the backup itself ------------------------------------------------------

# check_sums compares every file with the manifest. A file that changed while it
# was backed up stands there twice, and the later one counts.
check_sums() {
	if ! command -v sha256sum >/dev/null 2>&1; then
		warn "sha256sum is not installed: the files were not checked."
		return 0
	fi
	say "Checking the files of the backup..."
	sed -n 's/^{"line":"file","path":"\([^"\\]*\)","size":[0-9]*,"mode":"[0-7]*","mtime":"[^"]*","sha256":"\([0-9a-f]*\)".*$/\2  \1/p' \
		"$here/MANIFEST.jsonl" >"$work/sums"
	total=$(sed -n '/^{"line":"file",/p' "$here/MANIFEST.jsonl" | wc -l)
	listed=$(wc -l <"$work/sums")
	if [ -s "$work/sums" ]; then
		(cd "$here" && sha256sum -c "$work/sums") >"$work/checked" 2>/dev/null
	else
		: >"$work/checked"
	fi
	bad=0
	sed '/: OK$/d' "$work/checked" >"$work/unlike"
	while IFS= read -r line; do
		path=${line%: FAILED*}
		grep -qxF -e "$path: OK" "$work/checked" && continue
		warn "missing or changed: $path"
		bad=$((bad + 1))
	done <"$work/unlike"
	[ "$bad" -eq 0 ] || die "$(many "$bad" 'file is' 'files are') not what the manifest says; fetch the archive again. (--skip-check goes on all the same.)"
	say "$(many "$((listed))" 'file is as it was' 'files are as they were') backed up."
	[ "$((total))" -eq "$((listed))" ] || say "$(many "$((total - listed))" 'file with an unusual name was' 'files with unusual names were') not checked."
}

if [ "$skip_check" = no ] || [ "$check_only" = yes ]; then check_sums; fi
[ "$check_only" = no ] || exit 0

# conf WORD prints what restore.conf says of it.
conf() { sed -n "s/^$1 //p" "$here/restore.conf"; }

# ---- what is asked ------------------------------------------------------------

while [ -z "$to" ]; do
	ask "Directory for the website's files, empty or new:" "$(conf root)"
	to=$answer
	if [ -d "$to" ] && [ -n "$(ls -A "$to" 2>/dev/null)" ]; then
		warn "$to is not empty; choose another."
		to=''
	fi
done
conf database >"$work/dumps"
count=$(wc -l <"$work/dumps")
needs_mysql=no needs_psql=no n=0
while IFS=' ' read -r kind dir <&3; do
	n=$((n + 1))
	case $kind in
	mysql) needs_mysql=yes ;;
	pgsql) needs_psql=yes ;;
	*) die "restore.conf names a database of the kind '$kind', which this script does not know." ;;
	esac
	[ -n "$(sed -n "${n}p" "$work/databases")" ] && continue
	ask "Name of the empty database for database/$dir:" ""
	printf '%s\n' "$answer" >>"$work/databases"
done 3<"$work/dumps"
[ "$(wc -l <"$work/databases")" -eq "$((count))" ] || die "The backup holds $((count)) databases; give --database as often."

if [ "$((count))" -gt 0 ]; then
	[ "$asked_user" = yes ] || { ask "User of the database:" ""; user=$answer; }
	if [ -n "$secret" ]; then
		[ -r "$secret" ] || die "$secret cannot be read."
		password=$(sed -n 1p "$secret")
	elif [ -t 0 ]; then
		printf 'Password of %s: ' "$user" >&2
		stty -echo
		IFS= read -r password
		stty echo
		printf '\n' >&2
	else
		IFS= read -r password || :
	fi
fi
[ -n "$socket" ] || [ -n "$host" ] || host=localhost

# ---- the tools for the database -------------------------------------------------

# quote CHARACTERS escapes these in each line with a backslash.
quote() { sed "s/[$1]/\\\\&/g"; }

client=''
if [ "$needs_mysql" = yes ]; then
	client=$(command -v mariadb || command -v mysql) || die "Neither mariadb nor mysql is installed; install mariadb-client."
	{
		printf '[client]\n'
		printf 'user="%s"\n' "$(printf '%s\n' "$user" | quote '\\"')"
		printf 'password="%s"\n' "$(printf '%s\n' "$password" | quote '\\"')"
		if [ -n "$socket" ]; then
			printf 'protocol=socket\nsocket="%s"\n' "$(printf '%s\n' "$socket" | quote '\\"')"
		else
			printf 'host="%s"\n' "$(printf '%s\n' "$host" | quote '\\"')"
			[ -z "$port" ] || printf 'protocol=tcp\nport=%s\n' "$port"
		fi
	} >"$work/options"
fi
if [ "$needs_psql" = yes ]; then
	command -v psql >/dev/null || die "psql is not installed; install postgresql-client."
	printf '*:*:*:*:%s\n' "$(printf '%s\n' "$password" | quote '\\:')" >"$work/pgpass"
	PGPASSFILE=$work/pgpass PGHOST=${socket:-$host} PGUSER=$user PGCONNECT_TIMEOUT=15
	export PGPASSFILE PGHOST PGUSER PGCONNECT_TIMEOUT
	[ -z "$port" ] || { PGPORT=$port; export PGPORT; }
fi

# The password goes through files that only we can read, never on a command line.
my() { # DATABASE ARGUMENT...: the client of MariaDB or MySQL
	db=$1
	shift
	"$client" --defaults-file="$work/options" --binary-mode --local-infile=0 --default-character-set=utf8mb4 --max-allowed-packet=1G "--database=$db" "$@"
}
pg() { # DATABASE ARGUMENT...: the client of PostgreSQL
	db=$1
	shift
	psql --no-psqlrc --quiet --no-password --set=ON_ERROR_STOP=1 "--dbname=$db" "$@"
}

# must_be_empty refuses a database that cannot be reached or has tables.
must_be_empty() { # KIND NAME
	case $1 in
	mysql) tables=$(printf 'SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE();\n' | my "$2" --batch --skip-column-names) ;;
	*) tables=$(pg "$2" --tuples-only --no-align --command="SELECT COUNT(*) FROM pg_catalog.pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')") ;;
	esac || die "The database '$2' cannot be opened: make it first, check user and password, or say where its server is by --host and --port, or --socket. Nothing was changed."
	[ "$tables" = 0 ] || die "The database '$2' has $(many "$tables" table tables) already; give an empty one. Nothing was changed."
}

# nearest prints the collation of the server that takes the place of one that it
# lacks.
nearest() { # NAME
	case $1 in
	utf8_*) try="utf8mb3_${1#utf8_}" ;;
	utf8mb3_*) try="utf8_${1#utf8mb3_}" ;;
	utf8mb4_*_bin | utf8mb4_bin) try='utf8mb4_bin' ;;
	utf8mb4_*_as_cs | uca1400_*_as_cs) try='utf8mb4_uca1400_as_cs utf8mb4_0900_as_cs utf8mb4_bin' ;;
	utf8mb4_* | uca1400_*) try='utf8mb4_uca1400_ai_ci utf8mb4_0900_ai_ci utf8mb4_unicode_520_ci utf8mb4_unicode_ci utf8mb4_general_ci' ;;
	*) try='' ;;
	esac
	case $1 in
	utf8_*_bin | utf8mb3_*_bin) try="$try utf8mb3_bin utf8_bin" ;;
	utf8_* | utf8mb3_*) try="$try utf8mb3_unicode_ci utf8_unicode_ci utf8mb3_general_ci utf8_general_ci" ;;
	esac
	for like in $try "${1%%_*}_unicode_ci" "${1%%_*}_general_ci"; do
		if grep -qxF "$like" "$work/collations"; then
			printf '%s\n' "$like"
			return 0
		fi
	done
	return 1
}

# learn_collations writes rules for sed that put the nearest collation of the
# server in the place of each that a dump names and the server lacks. Lines of rows
# are left alone.
learn_collations() { # DIR NAME RULES
	: >"$3"
	{
		printf 'SELECT COLLATION_NAME FROM information_schema.COLLATIONS;\n'
		printf 'SELECT FULL_COLLATION_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY;\n'
	} | my "$2" --batch --skip-column-names --force 2>/dev/null >"$work/collations"
	[ -s "$work/collations" ] || return 0
	cat "$here/database/$1"/*.sql | sed -n -e '/^INSERT INTO/d' -e '/^(/d' -e '/[Cc][Oo][Ll][Ll][Aa][Tt]/p' >"$work/said"
	tr -c 'A-Za-z0-9_' '\n' <"$work/said" | sed -n -e '/._ci$/p' -e '/._cs$/p' -e '/._bin$/p' | sort -u >"$work/words"
	grep -vxF -f "$work/collations" "$work/words" >"$work/lacking"
	while IFS= read -r lacks <&4; do
		grep -q "[Cc][Oo][Ll][Ll][Aa][Tt][A-Za-z_]*[= ]*$lacks" "$work/said" || continue
		has=$(nearest "$lacks") || die "The server lacks the collation $lacks, which database/$1 needs, and any like it; use a newer server. Nothing was changed."
		say "The server lacks the collation $lacks; $has takes its place."
		[ -s "$3" ] || printf '/^INSERT INTO/b\n/^(/b\n' >"$3"
		for end in '\([^A-Za-z0-9_]\)' '\($\)'; do
			printf 's/\\([Cc][Oo][Ll][Ll][Aa][Tt][Ee][= ]*\\)%s%s/\\1%s\\2/g\n' "$lacks" "$end" "$has"
			printf 's/\\(collation_[a-z]*  *= *\\)%s%s/\\1%s\\2/g\n' "$lacks" "$end" "$has"
		done >>"$3"
	done 4<"$work/lacking"
}

# ---- before anything is touched ---------------------------------------------------

umask 022
[ -d "$to" ] || mkdir -p "$to" || die "$to cannot be made."
target=$(cd "$to" && pwd -P) || die "$to cannot be opened."
[ "$target" != / ] || die "/ cannot be the target."
case $target/ in "$here"/*) die "The target lies in the backup's own folder; choose another." ;; esac
[ -w "$target" ] || die "$target may not be written to by this user."
for entry in "$target"/* "$target"/.[!.]* "$target"/..?*; do
	if [ -e "$entry" ] || [ -h "$entry" ]; then die "$target is not empty; choose an empty directory. Nothing was changed."; fi
done
need=0
for part in files outside; do
	[ ! -d "$here/$part" ] || need=$((need + $(du -sk "$here/$part" | sed 's/[^0-9].*//')))
done
free=$(df -Pk "$target" | sed -n '$s/^.*[[:space:]]\([0-9][0-9]*\)[[:space:]][[:space:]]*[0-9][0-9]*%.*$/\1/p')
if [ -n "$free" ] && [ "$free" -lt "$need" ]; then
	die "$target has room for $free KiB, but the files take $need KiB. Nothing was changed."
fi
n=0
while IFS=' ' read -r kind dir <&3; do
	n=$((n + 1))
	name=$(sed -n "${n}p" "$work/databases")
	must_be_empty "$kind" "$name"
	[ "$kind" != mysql ] || learn_collations "$dir" "$name" "$work/mapping.$n"
done 3<"$work/dumps"

# ---- files ----------------------------------------------------------------------

say "Copying the files to $target..."
filling=yes
{ (cd "$here/files" && tar -cf - .) || : >"$work/broke"; } | (cd "$target" && tar -xpf -) || : >"$work/broke"
if [ -e "$work/broke" ]; then die "The files could not be copied, see above."; fi
beside=$(conf beside)
if [ -n "$beside" ]; then
	[ -e "$target/$beside" ] || [ -h "$target/$beside" ] || cp -p "$here/outside/$beside" "$target/$beside" || die "outside/$beside could not be copied."
	say "$beside lay beside the website's directory; it now lies in $target itself, where it works as well."
fi

# ---- what lay outside -------------------------------------------------------------

: >"$work/byhand"
above=$(dirname "$target")
root=$(conf root)
parent=$(dirname "${root:-/unknown/root}")
spare=$target.outside

# normal prints a path without . and .. in it, as it reads.
normal() { # PATH
	rest=${1#/}/ out=''
	while [ -n "$rest" ]; do
		part=${rest%%/*} rest=${rest#*/}
		case $part in
		'' | .) ;;
		..) out=${out%/*} ;;
		*) out=$out/$part ;;
		esac
	done
	printf '%s\n' "${out:-/}"
}

# moved prints where something of the old server is now: what lay in the website's
# directory or outside of it in the backup.
moved() { # PATH
	if [ -n "$root" ]; then
		case $1/ in "$root"/*) printf '%s\n' "$target${1#"$root"}"; return 0 ;; esac
	fi
	while IFS= read -r old <&4 && IFS= read -r new <&4; do
		case $1/ in "$old"/*) printf '%s\n' "$new${1#"$old"}"; return 0 ;; esac
	done 4<"$work/places"
	return 1
}

# put copies what lay at a path of the old server to a place where nothing is, and
# remembers both. It fails where something is, or the place cannot be made.
put() { # NAME-BELOW-OUTSIDE OLD-PATH PLACE
	if [ -e "$3" ] || [ -h "$3" ]; then return 1; fi
	into=$(dirname "$3") made=$3
	while [ ! -e "$(dirname "$made")" ]; do made=$(dirname "$made"); done
	mkdir -p "$into" 2>/dev/null || return 1
	[ -w "$into" ] || return 1
	printf '%s\n' "$made" >>"$work/made"
	{ (cd "$here/outside/$(dirname "$1")" && tar -cf - "./${1##*/}") || : >"$work/broke"; } | (cd "$into" && tar -xpf -) || : >"$work/broke"
	if [ -e "$work/broke" ]; then die "outside/$1 could not be copied to $3, see above."; fi
	printf '%s\n%s\n' "$2" "$3" >>"$work/places"
	say "outside/$1 lies in $3 now."
}

# put_back finds the place of something that lay outside: where it lay, when the
# website is where it was; else beside it, as it lay beside it; else in DIR.outside.
put_back() { # NAME-BELOW-OUTSIDE OLD-PATH
	if [ ! -e "$here/outside/$1" ] || moved "$2" >/dev/null; then return 0; fi
	place=$spare$2
	case $2 in "$parent"/*) place=${above%/}/${2#"${parent%/}"/} ;; esac
	if [ "$target" = "$root" ]; then place=$2; fi
	put "$1" "$2" "$place" && return 0
	if [ "$place" != "$spare$2" ] && put "$1" "$2" "$spare$2"; then
		printf '%s lies in %s, as something is at %s already: see whether the website finds it\n' "$2" "$spare$2" "$place" >>"$work/byhand"
		return 0
	fi
	printf '%s, which lies in outside/%s: it could not be put beside the website\n' "$2" "$1" >>"$work/byhand"
}

conf above >"$work/above"
while IFS= read -r name <&3; do
	put_back "$name" "${parent%/}/$name"
done 3<"$work/above"
conf include >"$work/included"
while IFS= read -r path <&3; do
	if [ "$path" != "$parent" ]; then
		put_back "${path#/}" "$path"
		continue
	fi
	for entry in "$here/outside$path"/* "$here/outside$path"/.[!.]*; do
		case $entry in */'*' | */'.[!.]*') continue ;; *"$newline"*) printf '%s\n' "what has a line break in its name in outside$path" >>"$work/byhand" && continue ;; esac
		entry=${entry##*/}
		[ "$path/$entry" = "$root" ] || put_back "${path#/}/$entry" "$path/$entry"
	done
done 3<"$work/included"

# turn_links turns links that led to what lies elsewhere now.
turn_links() { # PLACE OLD-PATH
	find "$1" -name "*$newline*" -prune -o -type l -print >"$work/links"
	while IFS= read -r link <&3; do
		to=$(readlink "$link"; printf x)
		to=${to%??}
		inside=$(dirname "${link#"$1"}")
		case $to in
		/*) was=$(normal "$to") leads=$was ;;
		*) was=$(normal "$2/$inside/$to") leads=$(normal "$1/$inside/$to") ;;
		esac
		now=$(moved "$was") || continue
		[ "$now" != "$leads" ] || continue
		if rm "$link" && ln -s "$now" "$link"; then turned=$((turned + 1)); fi
	done 3<"$work/links"
}

turned=0
if command -v readlink >/dev/null && [ -n "$root" ]; then
	turn_links "$target" "$root"
	cp "$work/places" "$work/turning"
	while IFS= read -r old <&5 && IFS= read -r new <&5; do
		[ -h "$new" ] || [ ! -d "$new" ] || turn_links "$new" "$old"
	done 5<"$work/turning"
fi
[ "$turned" -eq 0 ] || say "$turned links lead to where things are now."

# ---- configuration ----------------------------------------------------------------

# set_line puts a value into the one line where restore.conf says that it stands.
set_line() { # FORM ROLE KEY LINE FILE DATABASE USUAL-PORT
	case $2 in
	name) new=$6 ;;
	user) new=$user ;;
	password) new=$password ;;
	host) new=${host:-localhost} ;;
	port) new=${port:-$7} ;;
	hostport)
		new=${host:-localhost}
		[ -z "$port" ] || new=$new:$port
		[ -z "$socket" ] || new=localhost:$socket
		;;
	*) return 1 ;;
	esac
	q="'" key=$3
	single="'\\([^\\\\']*\\\\.\\)*[^\\\\']*'" double='"\([^\\"]*\\.\)*[^\\"]*"' space='[[:space:]]*'
	case $1 in
	define) before="['\"]${key}['\"]$space,$space" ;;
	array) before="['\"]${key}['\"]$space=>$space" ;;
	property) before="\\\$$key$space=$space" ;;
	env) q='"' before="$key$space=$space" ;;
	*) return 1 ;;
	esac
	if [ "$1" = env ]; then
		printf '%s\n' "$new" | quote '\\"$' >"$work/new"
	else
		printf '%s\n' "$new" | quote "\\\\'" >"$work/new"
	fi
	sed "s/.*/$q&$q/" "$work/new" >"$work/want"
	with=$(quote '\\&|' <"$work/want")
	if [ "$1" = env ]; then
		printf '%ss|^\\(.*%s\\).*$|\\1%s|\n' "$4" "$before" "$with" >"$work/edit"
	else
		printf '%ss|\\(%s\\)%s|\\1%s|\n%ss|\\(%s\\)%s|\\1%s|\n' "$4" "$before" "$single" "$with" "$4" "$before" "$double" "$with" >"$work/edit"
	fi
	sed -f "$work/edit" "$5" >"$work/edited" || return 1
	sed -n "$4p" "$work/edited" >"$work/line"
	grep -qF -f "$work/want" "$work/line" || return 1
	cat "$work/edited" >"$5"
}

# name_of prints the new name of the database whose dump lies in a folder.
name_of() { # DIR
	n=0
	while IFS=' ' read -r _ dir <&4; do
		n=$((n + 1))
		if [ "$dir" = "$1" ]; then sed -n "${n}p" "$work/databases"; fi
	done 4<"$work/dumps"
}

# port_of prints the usual port of the server whose dump lies in a folder.
port_of() { # DIR
	if grep -qxF "database pgsql $1" "$here/restore.conf"; then printf '5432\n'; else printf '3306\n'; fi
}

# editable prints the path of a configuration that this script has put where it
# is: in the target, or by way of a link in what lay outside.
editable() { # FILE
	path=$target/$1
	case $1 in
	../*) path=$(moved "${parent%/}/${1#../}") || return 0 ;;
	*/*) # a folder above it may be a link that leads out
		path=$(cd "$(dirname "$path")" 2>/dev/null && pwd -P)/${1##*/}
		case $path in "$target"/*) ;; *) return 0 ;; esac
		;;
	esac
	if [ -h "$path" ]; then
		path=$(readlink -f "$path" 2>/dev/null) || return 0
		case $path in
		"$target"/*) ;;
		*)
			ours=no
			while IFS= read -r old <&4 && IFS= read -r new <&4; do
				case $path/ in "$new"/*) ours=yes ;; esac
			done 4<"$work/places"
			[ "$ours" = yes ] || return 0
			;;
		esac
	fi
	[ ! -f "$path" ] || printf '%s\n' "$path"
}

conf edit >"$work/edits"
umask 077
while IFS=' ' read -r form role key line folder file <&3; do
	path=$(editable "$file")
	if [ -z "$path" ] || ! set_line "$form" "$role" "$key" "$line" "$path" "$(name_of "$folder")" "$(port_of "$folder")"; then
		printf '%s in line %s of %s\n' "$key" "$line" "$file" >>"$work/byhand"
	fi
	if [ -n "$socket" ] && [ "$role" = port ]; then printf 'the socket %s in %s\n' "$socket" "$file" >>"$work/byhand"; fi
done 3<"$work/edits"
conf byhand >>"$work/byhand"
umask 022

# ---- database -----------------------------------------------------------------------

# plain passes a dump on without what keeps another server from taking it: who
# defined a view or routine, who may not exist here, and a first line that only
# newer clients of MariaDB understand.
plain() { # RULES
	# shellcheck disable=SC2016 # these are backticks of SQL
	sed -e '1{' -e '/^\/\*M*!999999..* enable the sandbox mode/d' -e '}' \
		-e '/^\/\*!50/s/DEFINER=`[^`]*`@`[^`]*`//' -e '/^CREATE DEFINER=/s/DEFINER=`[^`]*`@`[^`]*`//' -f "$1"
}

# anew says what to do about databases that hold something by now.
anew() { # NAME
	printf '%s\n' "$1" >>"$work/filled"
	printf 'Drop each of these databases, make it anew, empty, and run this again: %s' "$(sort -u "$work/filled" | sed -e ':a' -e '$!N' -e 's/\n/, /' -e 'ta')"
}

# restricted prints a dump of PostgreSQL so that psql obeys none of what the dump
# may hold behind a backslash: it is told so first, under a key that nobody
# knows, in place of the dump's own.
restricted() { # DIR
	key=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
	if [ -z "$key" ] || ! printf '\\restrict %s\n\\unrestrict %s\n' "$key" "$key" | pg "$name" 2>/dev/null; then
		warn "psql is of before August 2025 and obeys commands in a dump; the backup's own protection is all there is."
		cat "$here/database/$1"/*.sql
		return
	fi
	printf '\\restrict %s\n' "$key"
	{ cat "$here/database/$1"/*.sql || : >"$work/broke"; } | sed -e '1,9{' -e '/^\\restrict [A-Za-z0-9]*$/d' -e '}' -e '/^\\unrestrict [A-Za-z0-9]*$/d'
}

load() { # KIND DIR NAME RULES
	[ -f "$here/database/$2/0001.sql" ] || die "database/$2 holds no dump."
	case $1 in
	mysql)
		{ cat "$here/database/$2"/*.sql || : >"$work/broke"; } | { plain "$4" || : >"$work/broke"; } | my "$3" || : >"$work/broke"
		;;
	pgsql)
		{ restricted "$2" || : >"$work/broke"; } | pg "$3" --single-transaction >/dev/null || : >"$work/broke"
		;;
	esac
	[ ! -e "$work/broke" ] || die "The dump could not be loaded into '$3', see above. $(anew "$3")"
}

# count_rows compares each table with the manifest.
count_rows() { # KIND DIR NAME
	: >"$work/queries"
	: >"$work/expected"
	sed -n -e '/^{"line":"database",/p' -e '/^{"line":"table",/p' "$here/MANIFEST.jsonl" >"$work/tables"
	ours=no skipped=0
	while IFS= read -r text; do
		case $text in
		'{"line":"database",'*"\"path\":\"database/$2\""*) ours=yes ;;
		'{"line":"database",'*) ours=no ;;
		*)
			[ "$ours" = yes ] || continue
			table=$(printf '%s\n' "$text" | sed -n "s/^.*,\"name\":\"\\([^\"\\\\\`']*\\)\",\"rows\":\\([0-9]*\\)[,}].*\$/\\1$tab\\2/p")
			if [ -z "$table" ]; then
				skipped=$((skipped + 1))
				continue
			fi
			printf '%s\n' "$table" >>"$work/expected"
			table=${table%"$tab"*}
			case $1 in
			mysql) printf "SELECT '%s', COUNT(*) FROM \`%s\`;\n" "$table" "$table" ;;
			*) printf "SELECT '%s%s' || count(*) FROM ONLY \"%s\".\"%s\";\n" "$table" "$tab" "${table%%.*}" "${table#*.}" ;;
			esac >>"$work/queries"
			;;
		esac
	done <"$work/tables"
	case $1 in
	mysql) my "$3" --batch --raw --skip-column-names <"$work/queries" ;;
	*) pg "$3" --tuples-only --no-align --file="$work/queries" ;;
	esac >"$work/counted" || die "The tables of '$3' could not be counted."
	grep -vxF -f "$work/counted" "$work/expected" >"$work/differ"
	if [ -s "$work/differ" ]; then
		warn "These tables do not have the rows that the manifest says (name, rows):"
		cat "$work/differ" >&2
		die "The database '$3' is not what was backed up. $(anew "$3")"
	fi
	say "$(many "$(($(wc -l <"$work/expected")))" "table of '$3' has" "tables of '$3' have") the rows that the manifest says."
	[ "$skipped" -eq 0 ] || say "$(many "$skipped" 'table with an unusual name was' 'tables with unusual names were') not counted."
}

: >"$work/filled"
n=0
while IFS=' ' read -r kind dir <&3; do
	n=$((n + 1))
	name=$(sed -n "${n}p" "$work/databases")
	say "Loading database/$dir into '$name'..."
	load "$kind" "$dir" "$name" "$work/mapping.$n"
	printf '%s\n' "$name" >>"$work/filled"
	count_rows "$kind" "$dir" "$name"
done 3<"$work/dumps"

if [ -n "$owner" ]; then
	chown -hR "$owner" "$target" || die "The files could not be given to $owner."
	while IFS= read -r path <&3; do chown -hR "$owner" "$path" || die "$path could not be given to $owner."; done 3<"$work/made"
fi
filling=no

# ---- what is left to do ----------------------------------------------------------------

printf '\nDone: the website is in %s.\n' "$target"
if [ -s "$work/byhand" ]; then
	printf '\nTo change by hand, so that the website finds its database:\n'
	sed 's/^/  - /' "$work/byhand"
fi
cat <<'END'

Next:
  - Point the web server at that directory and give the files to its user
    (--owner, or chown). TAKEOVER.txt says what else the old server did.
  - Change every password and key that TAKEOVER.txt lists: this copy holds them.
END
case $(conf kind) in
WordPress*)
	cat <<'END'
  - Does the website get another domain? Then one of these:
      breakglass restore FILE --to DIR --database URL --url https://new.example
      wp search-replace 'https://old.example' 'https://new.example' --all-tables --precise
    For a first look only, put this into wp-config.php before its last line:
      define( 'WP_HOME', 'https://new.example' );
      define( 'WP_SITEURL', 'https://new.example' );
END
	;;
*)
	cat <<'END'
  - Does the website get another domain? Change it in its configuration, such as
    APP_URL in .env, or let this do it there and in the database too:
      breakglass restore FILE --to DIR --database URL --url https://new.example
END
	;;
esac
