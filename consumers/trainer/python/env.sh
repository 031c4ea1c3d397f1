#!/usr/bin/env bash
# Makes the environment of the training job, once for each lock file, outside the checkout. RAGLINE_TRAINER_ENV names
# another place, RAGLINE_TRAINER_CUDA=0 or 1 decides about the CUDA wheels instead of a look for a GPU.
set -euo pipefail

uv_version=0.13.9
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/ragline
lock=$(python3 -c 'import hashlib, sys; print(hashlib.sha256(open(sys.argv[1], "rb").read()).hexdigest()[:12])' "$here/requirements.lock")
env=${RAGLINE_TRAINER_ENV:-$cache/trainer-$lock}

if [ -n "${RAGLINE_TRAINER_CUDA:-}" ]; then cuda=$RAGLINE_TRAINER_CUDA
elif nvidia-smi -L >/dev/null 2>&1; then cuda=1
else cuda=0; fi

find_uv() {
	if command -v uv >/dev/null && [ "$(uv --version | cut -d' ' -f2)" = "$uv_version" ]; then command -v uv; return; fi
	local tool=$cache/tools/uv-$uv_version
	if [ ! -x "$tool/bin/uv" ]; then
		rm -rf "$tool" && python3 -m venv "$tool" >&2 && "$tool/bin/pip" install -q "uv==$uv_version" >&2
	fi
	echo "$tool/bin/uv"
}

# torch for x86-64 links the CUDA libraries even where it only uses the processor. The loader wants files of these names;
# with lazy binding it looks for a symbol only when it is called, and without a GPU none is. So an empty library of
# torch's own stands in for each.
stand_in() {
	local site=$1 libraries=$1/nvidia/cu13/lib
	[ -d "$libraries" ] || return 0
	for name in libcublas.so.13 libcublasLt.so.13 libcudnn.so.9 libcufft.so.12 libcufile.so.0 libcupti.so.13 libcurand.so.10 \
		libcusparse.so.12 libcusparseLt.so.0 libnccl.so.2 libnvrtc.so.13 libnvshmem_host.so.3; do
		ln -s ../../../torch/lib/libtorch_global_deps.so "$libraries/$name"
	done
	echo 'import os, sys; sys.setdlopenflags(os.RTLD_LAZY)' >"$site/ragline_lazy.pth"
}

if [ "$(cat "$env/ragline-cuda" 2>/dev/null)" != "$cuda" ]; then
	uv=$(find_uv)
	part=$env.part.$$
	trap 'rm -rf "$part"' EXIT
	mkdir -p "$(dirname "$env")"
	UV_PYTHON_DOWNLOADS=never "$uv" venv -q --relocatable --python '>=3.11,<3.14' "$part"
	leave=(); [ "$cuda" = 1 ] || leave=(--excludes "$here/cpu-leaves-out.txt")
	"$uv" pip install -q --python "$part/bin/python" --require-hashes --no-deps -r "$here/requirements.lock" "${leave[@]}"
	[ "$cuda" = 1 ] || stand_in "$("$part/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
	echo "$cuda" >"$part/ragline-cuda"
	rm -rf "$env" && mv "$part" "$env"
fi
echo "$env" >&2
PYTHONPATH=$here exec "$env/bin/python" -B -m ragline_trainer --probe
