# $1 is the folder of the programs, $2 an empty folder. It lives until its standard input ends.
export HOME="$2"
log() { tr '\n' ' ' < "$2/log"; echo; exit 1; }
trap 'rm -rf "$2"' EXIT
"$1/initdb" -D "$2/data" -U postgres --auth=trust --no-sync --locale=C --encoding=UTF8 > "$2/log" 2>&1 || log "$@"
"$1/pg_ctl" -D "$2/data" -l "$2/log" -w -t 300 \
  -o "-c listen_addresses= -c unix_socket_directories=$2 -c max_connections=300 -c shared_buffers=64MB -c fsync=on -c synchronous_commit=on" \
  start > /dev/null 2>&1 || log "$@"
echo ready
cat > /dev/null
"$1/pg_ctl" -D "$2/data" -m immediate -w stop > /dev/null 2>&1
