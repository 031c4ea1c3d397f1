#!/usr/bin/env bash
# Once around the whole loop on a CPU: the demo's answers and feedback become a dataset, the dataset an adapter of a tiny
# random model, the adapter a model in Ollama, and that model answers. It shows the way, not quality: a model of a few
# hundred thousand random weights learns to write words, so the floor of the gate is 0 here.
# OLLAMA names the program of Ollama, RAGLINE that of ragline (bin/ragline). Everything is made in a temporary folder, and removed at the end.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
: "${OLLAMA:?names the program of Ollama: make factory sets it}"

work=$(mktemp -d)
server=
end() {
	[ -z "$server" ] || { kill "$server" 2>/dev/null && wait "$server" 2>/dev/null; } || true
	rm -rf "$work"
}
trap end EXIT

consumers/trainer/python/run.sh ragline_trainer.tiny "$work/base"

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
export OLLAMA_HOST=127.0.0.1:$(free_port)
HOME=$work OLLAMA_MODELS=$work/ollama "$OLLAMA" serve >"$work/ollama.log" 2>&1 &
server=$!
for _ in $(seq 600); do
	if (exec 3<>"/dev/tcp/${OLLAMA_HOST%:*}/${OLLAMA_HOST#*:}") 2>/dev/null; then break; fi
	kill -0 "$server" 2>/dev/null || { cat "$work/ollama.log" >&2; exit 1; }
	sleep 0.1
done

export RAGLINE_DATA_DIR=${RAGLINE_DATA_DIR:-$work/data}
export RAGLINE_TRAINER_BASE_MODEL=$work/base RAGLINE_TRAINER_BASE_NAME=tiny-random-llama
export RAGLINE_TRAINER_METHOD=${RAGLINE_TRAINER_METHOD:-lora} RAGLINE_TRAINER_MAX_LENGTH=${RAGLINE_TRAINER_MAX_LENGTH:-2048}
export RAGLINE_TRAINER_LEARNING_RATE=${RAGLINE_TRAINER_LEARNING_RATE:-0.005} RAGLINE_TRAINER_MAX_STEPS=${RAGLINE_TRAINER_MAX_STEPS:-10}
export RAGLINE_PACKAGER_OLLAMA=on RAGLINE_PROMOTER_FLOOR=0 RAGLINE_PROMOTER_MAX_TOKENS=64
export RAGLINE_LLM_PROVIDER=promoted RAGLINE_LLM_MAX_TOKENS=64
"${RAGLINE:-bin/ragline}" up --demo --train "${@:---exit}"
