#!/usr/bin/env bash
# Runs a module in the environment that env.sh made: run.sh MODULE ARGUMENTS...
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lock=$(python3 -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest()[:12])' "$here/requirements.lock")
env=${RAGLINE_TRAINER_ENV:-${XDG_CACHE_HOME:-$HOME/.cache}/ragline/trainer-$lock}
[ -x "$env/bin/python" ] || { echo 'the environment is missing: run make trainer-env' >&2; exit 1; }
PYTHONPATH=$here exec "$env/bin/python" -B -m "$@"
